//! Everything that is looked at after an act, read in one statement.

use std::collections::BTreeMap;

use crate::support::TestServer;

/// The stored facts by kind and key, and what must never be.
#[derive(Clone, Default)]
pub struct State {
    rows: BTreeMap<String, BTreeMap<String, String>>,
    pub faults: Vec<String>,
}

const STATE: &str = "SELECT 'identifiant', id, identifiant FROM account \
     UNION ALL SELECT 'password', id, password FROM account WHERE password IS NOT NULL \
     UNION ALL SELECT 'closed', id, state FROM account WHERE state = 'closed' AND merged_into IS NULL \
     UNION ALL SELECT 'merged', id, COALESCE(merged_into, '') FROM account \
     UNION ALL SELECT 'holder', academy || '/' || person_key, account_id FROM person WHERE account_id IS NOT NULL \
     UNION ALL SELECT 'pupil', academy || '/' || pupil_key, COALESCE(account_id, '') FROM pupil \
     UNION ALL SELECT 'email', id, account_id FROM email WHERE state = 'confirmed' \
     UNION ALL SELECT 'key', kid, state FROM signing_key \
     UNION ALL SELECT 'published', kid, algorithm FROM signing_key \
     UNION ALL SELECT 'subject', space || ' ' || account_id, value FROM subject \
     UNION ALL SELECT 'session', id, account_id FROM session WHERE ended_at IS NULL \
     UNION ALL SELECT 'letter', id, account_id FROM letter \
     UNION ALL SELECT 'family', id, client_id FROM refresh_family WHERE ended_at IS NULL \
     UNION ALL SELECT 'roster', uai, CAST(revision AS TEXT) FROM roster_set \
     UNION ALL SELECT 'journal', id, fact FROM (SELECT id, fact FROM audit ORDER BY id DESC LIMIT 40) AS newest \
     UNION ALL SELECT 'link', l.uai || ' ' || p.academy || '/' || p.person_key || ' ' || u.pupil_key, l.level \
     FROM link l JOIN person p ON p.id = l.person_id JOIN pupil u ON u.id = l.pupil_id \
     JOIN enrolment e ON e.pupil_id = l.pupil_id AND e.uai = l.uai AND e.ended_at IS NULL \
     WHERE l.ended_at IS NULL AND l.level = 'legal' \
     UNION ALL SELECT 'fault', 'two records of one person', MIN(id) FROM person \
     GROUP BY academy, person_key HAVING COUNT(*) > 1 \
     UNION ALL SELECT 'fault', 'two accounts of one person', MIN(a.id) FROM account a WHERE a.state <> 'closed' \
     GROUP BY a.family_name, a.given_name HAVING COUNT(*) > 1 AND COUNT(*) > (SELECT COUNT(DISTINCT p.academy) \
     FROM person p WHERE p.family_name = a.family_name AND p.given_name = a.given_name) \
     UNION ALL SELECT 'fault', 'two accounts of one pupil', MIN(id) FROM pupil WHERE account_id IS NOT NULL \
     AND ine_blind IS NOT NULL GROUP BY ine_blind HAVING COUNT(DISTINCT account_id) > 1 \
     UNION ALL SELECT 'fault', 'an account of a parent and a pupil', u.id FROM pupil u \
     JOIN person p ON p.account_id = u.account_id \
     UNION ALL SELECT 'fault', 'an account without a person', a.id FROM account a WHERE a.state <> 'closed' \
     AND NOT EXISTS (SELECT 1 FROM person p WHERE p.account_id = a.id) \
     AND NOT EXISTS (SELECT 1 FROM pupil u WHERE u.account_id = a.id) \
     UNION ALL SELECT 'fault', 'a person of a closed account', p.id FROM person p \
     JOIN account a ON a.id = p.account_id WHERE a.state = 'closed' \
     UNION ALL SELECT 'fault', 'a pupil of a closed account', u.id FROM pupil u \
     JOIN account a ON a.id = u.account_id WHERE a.state = 'closed' \
     UNION ALL SELECT 'fault', 'an account joined to one that is joined itself', a.id FROM account a \
     JOIN account k ON k.id = a.merged_into WHERE k.merged_into IS NOT NULL \
     UNION ALL SELECT 'fault', 'a sub of two accounts', MIN(account_id) FROM subject \
     GROUP BY space, value HAVING COUNT(*) > 1 \
     UNION ALL SELECT 'fault', 'nothing signs', wanted.alg FROM (SELECT 'RS256' AS alg UNION ALL SELECT 'ES256') wanted \
     WHERE NOT EXISTS (SELECT 1 FROM signing_key k WHERE k.algorithm = wanted.alg AND k.state = 'active') \
     UNION ALL SELECT 'fault', 'an active account without a password', id FROM account \
     WHERE state = 'active' AND password IS NULL \
     UNION ALL SELECT 'fault', 'a session of an account that is not active', s.id FROM session s \
     JOIN account a ON a.id = s.account_id WHERE s.ended_at IS NULL AND a.state <> 'active'";

impl State {
    pub async fn read(server: &TestServer) -> Self {
        let mut tx = server.app.db.read().await.unwrap();
        let rows: Vec<(String, String, String)> = tx.fetch_all(STATE, Vec::new()).await.unwrap();
        let mut state = Self::default();
        for (kind, key, value) in rows {
            match kind.as_str() {
                "fault" => state.faults.push(format!("{key}: {value}")),
                _ => _ = state.rows.entry(kind).or_default().insert(key, value),
            }
        }
        state
    }

    pub fn get(&self, kind: &str, key: &str) -> Option<&str> {
        self.rows.get(kind)?.get(key).map(String::as_str)
    }

    /// Returns the `sub` of an account in a space, or of the account that absorbed it and took the `sub` over.
    pub fn subject_of(&self, place: &str) -> Option<&str> {
        self.get("subject", place).or_else(|| {
            let (space, account) = place.rsplit_once(' ')?;
            let kept = self.get("merged", account).filter(|kept| !kept.is_empty())?;
            self.get("subject", &format!("{space} {kept}"))
        })
    }

    /// Returns the facts of one kind.
    pub fn of(&self, kind: &str) -> impl Iterator<Item = (&str, &str)> {
        self.rows.get(kind).into_iter().flatten().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}
