//! Faults that the program does not have, done to a history as they would do it: each must be found.

use preau::base::clock::Span;

use super::crash::CrashPoint;
use super::state::State;
use super::who::Who;
use super::world::{Act, Trace, World};

/// A fault that is planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlantedFault {
    /// A disk that says that it has written a commit and has not, a commit that waits for no disk though its answer left,
    /// or a backup that takes the place of a database that was further on.
    LostCommit,
    /// Two activations of one person at once whose second one does not find the first one's account, or an import that
    /// does not find the record by its key.
    SecondAccount,
    /// An import that starts and changes links and forgets to end those that the roster has no more.
    LinkLeft,
    /// A subject that is computed anew: from another key, or because the row was not looked for.
    RedrawnSub,
    /// Any way to a password that goes past the code or the dates.
    UnprovenPassword,
    /// Two exports that arrive in the wrong order, and no comparison of their times.
    RostersOutOfOrder,
    /// An undo of a regroupement that leaves a `sub` with the account that had it for these days.
    SubjectLeft,
    /// A rotation that takes a key out of the JWKS while its last token lives.
    KeyRetiredEarly,
    /// An import that does not know a pupil again by the INE, so that the next sheet makes another account.
    SecondPupil,
}

impl World {
    /// Plants the fault in a young history. Returns what was found.
    pub async fn find_planted(&mut self, fault: PlantedFault) -> String {
        self.post.become_reliable();
        match fault {
            PlantedFault::LostCommit => return Box::pin(self.lose_an_activation()).await,
            PlantedFault::SubjectLeft => return Box::pin(self.leave_a_subject()).await,
            PlantedFault::KeyRetiredEarly => return Box::pin(self.retire_a_key_early()).await,
            _ => {}
        }
        let h = Box::pin(self.activate_somebody()).await;
        match fault {
            PlantedFault::LostCommit | PlantedFault::SubjectLeft | PlantedFault::KeyRetiredEarly => {}
            PlantedFault::SecondPupil => {
                let act = Box::pin(self.print_sheet(0)).await.unwrap();
                self.go_on(&act).await;
                self.plant_second_pupil().await;
            }
            PlantedFault::SecondAccount => {
                self.plant_second_record().await;
                let account = "INSERT INTO account (id, identifiant, stem, suffix, state, profile, given_name, \
                               family_name, created_at, updated_at) SELECT 'planted', 'z.double07', 'z.double', '07', \
                               'pending', profile, given_name, family_name, created_at, updated_at FROM account LIMIT 1";
                assert_eq!(self.server.execute_sql(account, Vec::new()).await, 1);
            }
            PlantedFault::LinkLeft => {
                Box::pin(self.end_a_link(h)).await;
                let sql = "UPDATE link SET ended_at = NULL WHERE ended_at IS NOT NULL";
                assert!(self.server.execute_sql(sql, Vec::new()).await > 0);
            }
            PlantedFault::RedrawnSub => {
                Box::pin(self.use_any_service(h)).await;
                let sql = "UPDATE subject SET value = 'another'";
                assert!(self.server.execute_sql(sql, Vec::new()).await > 0);
            }
            PlantedFault::UnprovenPassword => {
                let sql = "UPDATE account SET password = password || 'x' WHERE password IS NOT NULL";
                assert!(self.server.execute_sql(sql, Vec::new()).await > 0);
            }
            PlantedFault::RostersOutOfOrder => {
                let school = Box::pin(self.end_a_link(h)).await;
                // As if nothing were known of the later one.
                let sql = "UPDATE roster_set SET eleves_exported_at = 0, responsables_exported_at = 0";
                self.server.execute_sql(sql, Vec::new()).await;
                let first = self.exports.iter().find(|one| one.school == school).unwrap().clone();
                let (taken, said) = first.deliver(&self.server).await;
                assert!(taken, "{said}");
            }
        }
        self.check_now(&Act::of("a planted fault", None, "")).await.unwrap_err()
    }

    /// Makes an account that is nobody's: nothing else stumbles over it.
    pub async fn plant_account_of_nobody(&self) {
        let sql = "INSERT INTO account (id, identifiant, stem, suffix, state, profile, given_name, family_name, \
                   created_at, updated_at) VALUES ('planted', 'z.double07', 'z.double', '07', 'pending', \
                   'responsable', 'Zita', 'Double', 0, 0)";
        assert_eq!(self.server.execute_sql(sql, Vec::new()).await, 1);
    }

    /// Gives a person a second record with the same key, as no constraint of the database would let pass.
    async fn plant_second_record(&self) {
        self.server.execute_sql("DROP INDEX person_key", Vec::new()).await;
        let sql = "INSERT INTO person (id, academy, person_key, family_name, given_name, phone_state, exported_at) \
                   SELECT 'planted', academy, person_key, family_name, given_name, phone_state, exported_at \
                   FROM person LIMIT 1";
        assert_eq!(self.server.execute_sql(sql, Vec::new()).await, 1);
    }

    /// Gives the pupil who has an account a record elsewhere, with an account of its own.
    async fn plant_second_pupil(&self) {
        let account = "INSERT INTO account (id, identifiant, stem, suffix, state, profile, given_name, family_name, \
                       created_at, updated_at) VALUES ('planted', 'z.double07', 'z.double', '07', 'pending', \
                       'eleve', 'Zita', 'Double', 0, 0)";
        assert_eq!(self.server.execute_sql(account, Vec::new()).await, 1);
        let record = "INSERT INTO pupil (id, academy, pupil_key, family_name, given_name, birth_date, exported_at, \
                      ine_blind, account_id) SELECT 'planted', academy, 'planted', 'Double', 'Zita', birth_date, \
                      exported_at, ine_blind, 'planted' FROM pupil WHERE account_id IS NOT NULL LIMIT 1";
        assert_eq!(self.server.execute_sql(record, Vec::new()).await, 1);
    }

    /// Ends an act that went well, and lets the limits of the day pass.
    async fn go_on(&mut self, act: &Act) {
        self.server.drain_outbox().await;
        self.check_now(act).await.unwrap();
        self.end_act(State::read(&self.server).await);
        self.server.advance(Span::hours(25));
    }

    /// Returns the people by the places of their records at home.
    fn people_at_home(&self) -> Vec<usize> {
        (0..self.town.humans.len()).filter(|h| self.town.humans[*h].home.is_none()).collect()
    }

    async fn activate_somebody(&mut self) -> usize {
        let people = self.people_at_home();
        self.activate_one_of(&people).await
    }

    /// Has one of these people activate, by the places of their records. Returns the first who has an account.
    async fn activate_one_of(&mut self, people: &[usize]) -> usize {
        for n in 0..60 {
            let h = people[n % people.len()];
            let act = Box::pin(self.activate(h)).await.unwrap();
            self.go_on(&act).await;
            if self.life(Who::Parent(h)).known.identifiant.is_some() {
                return h;
            }
        }
        panic!("nobody activates");
    }

    /// Joins two accounts of which a service knows the absorbed one, and separates them without giving its `sub` back.
    async fn leave_a_subject(&mut self) -> String {
        let [here, there] = self.town.pairs()[0];
        for n in [here, there] {
            Box::pin(self.activate_one_of(&[n])).await;
        }
        Box::pin(self.use_any_service(there)).await;
        for _ in 0..20 {
            if self.last_state.of("merged").any(|(_, kept)| !kept.is_empty()) {
                break;
            }
            let act = Box::pin(self.join_accounts([here, there], false)).await.unwrap();
            self.go_on(&act).await;
        }
        for _ in 0..5 {
            let act = Box::pin(self.undo_regroupement(here)).await.unwrap();
            self.server.drain_outbox().await;
            let sql = "UPDATE subject SET account_id = (SELECT r.kept FROM regroupement r \
                       WHERE r.absorbed = subject.account_id AND r.state = 'undone') \
                       WHERE account_id IN (SELECT absorbed FROM regroupement WHERE state = 'undone')";
            if self.server.execute_sql(sql, Vec::new()).await > 0 {
                return self.check_now(&act).await.unwrap_err();
            }
            self.go_on(&act).await;
        }
        panic!("nothing is undone");
    }

    /// Rotates keys until a token lives whose key signs no more, and takes that key away.
    async fn retire_a_key_early(&mut self) -> String {
        Box::pin(self.activate_somebody()).await;
        for _ in 0..20 {
            let act = Box::pin(self.rotate_keys()).await.unwrap();
            let (now, state) = (self.server.now(), State::read(&self.server).await);
            let is_of_former = |kid: &str| state.get("key", kid) == Some("retiring");
            if self.oracle.tokens().any(|token| now < token.ends && is_of_former(&token.kid)) {
                let sql = "UPDATE signing_key SET state = 'retired' WHERE state = 'retiring'";
                assert!(self.server.execute_sql(sql, Vec::new()).await > 0);
                self.tend_keys().await;
                return self.check_tokens(&State::read(&self.server).await).await.unwrap_err();
            }
            self.go_on(&act).await;
        }
        panic!("no token is of a key that signs no more");
    }

    /// Crashes in an activation that came to its end, on a disk that kept nothing of it.
    async fn lose_an_activation(&mut self) -> String {
        let people = self.people_at_home();
        for n in 0..60 {
            let before = self.prepare_crash();
            let act = Box::pin(self.activate(people[n % people.len()])).await.unwrap();
            if self.oracle.acknowledged_now("password", usize::MAX) {
                return Box::pin(self.crash(before, &act, CrashPoint::LastCommitOfLyingDisk)).await.unwrap_err();
            }
            self.go_on(&act).await;
        }
        panic!("nobody activates");
    }

    async fn use_any_service(&mut self, h: usize) {
        for _ in 0..20 {
            let act = Box::pin(self.use_service(Who::Parent(h))).await.unwrap();
            self.go_on(&act).await;
            if self.last_state.of("subject").next().is_some() {
                return;
            }
        }
        panic!("no service learns of the person");
    }

    /// Ends the first link of a person in the roster of its school. Returns the school.
    async fn end_a_link(&mut self, h: usize) -> usize {
        let (_, child) = *self.town.legal.iter().find(|(parent, _)| *parent == h).unwrap();
        self.town.legal.remove(&(h, child));
        let school = self.town.children[child].school.unwrap();
        assert!(self.deliver(school).await);
        self.go_on(&Act::of("a link ends", None, "")).await;
        school
    }
}

async fn found(fault: PlantedFault) -> String {
    let mut world = Box::pin(World::begin(11, Trace::default())).await;
    Box::pin(world.find_planted(fault)).await
}

#[tokio::test]
async fn a_planted_lost_commit_is_found() {
    if super::is_for_another_database() {
        return;
    }
    let found = found(PlantedFault::LostCommit).await;
    assert!(found.starts_with("acknowledged, and lost: "), "{found}");
}

#[tokio::test]
async fn a_planted_second_account_is_found() {
    if super::is_for_another_database() {
        return;
    }
    let found = found(PlantedFault::SecondAccount).await;
    assert!(found.contains(" of one person"), "{found}");
}

#[tokio::test]
async fn a_planted_link_that_the_roster_ended_is_found() {
    if super::is_for_another_database() {
        return;
    }
    let found = found(PlantedFault::LinkLeft).await;
    assert!(found.starts_with("without a current link of the roster: "), "{found}");
}

#[tokio::test]
async fn a_planted_change_of_a_sub_is_found() {
    if super::is_for_another_database() {
        return;
    }
    let found = found(PlantedFault::RedrawnSub).await;
    assert!(found.starts_with("a sub changed: "), "{found}");
}

#[tokio::test]
async fn a_planted_password_without_its_proofs_is_found() {
    if super::is_for_another_database() {
        return;
    }
    let found = found(PlantedFault::UnprovenPassword).await;
    assert!(found.starts_with("a password without its proofs: "), "{found}");
}

#[tokio::test]
async fn planted_rosters_in_the_wrong_order_are_found() {
    if super::is_for_another_database() {
        return;
    }
    let found = found(PlantedFault::RostersOutOfOrder).await;
    assert!(found.starts_with("without a current link of the roster: "), "{found}");
}

#[tokio::test]
async fn a_planted_sub_that_an_undo_left_is_found() {
    if super::is_for_another_database() {
        return;
    }
    let found = found(PlantedFault::SubjectLeft).await;
    assert!(found.starts_with("a sub changed: "), "{found}");
}

#[tokio::test]
async fn a_planted_early_end_of_a_key_is_found() {
    if super::is_for_another_database() {
        return;
    }
    let found = found(PlantedFault::KeyRetiredEarly).await;
    assert!(found.starts_with("a token that lives verifies by no published key"), "{found}");
}

#[tokio::test]
async fn a_planted_second_account_of_a_pupil_is_found() {
    if super::is_for_another_database() {
        return;
    }
    let found = found(PlantedFault::SecondPupil).await;
    assert!(found.starts_with("two accounts of one pupil"), "{found}");
}
