//! Two formats for one school: which row a record is, and whose word holds.

use super::*;

/// The texts of rows: how many people there are, whatever keys they have.
async fn people(ground: &Fixture) -> (usize, usize) {
    (ground.count("pupil ").await, ground.count("person ").await)
}

async fn siecle(ground: &Fixture, roster: &Roster) {
    let told = ground.import(&roster.files(ground)).await;
    assert!(told.all, "{}", told.text());
}

#[tokio::test]
async fn roster_keys_a_record_of_another_format_takes_the_row_that_is_there() {
    on_each(async |ground| {
        siecle(&ground, &Roster::of(MONOD, 30)).await;
        let told = ground.complet(&Annuaire::of(MONOD, 30), "20250909").await;
        assert!(told.all && told.imported().changes == Default::default(), "{}", told.text());
        assert!(told.text().contains("siecle leads here"), "{}", told.text());
        assert_eq!(people(&ground).await, (30, 30), "no second row of anybody");
        assert_eq!(ground.links().await.len(), 30, "everybody has the key of both formats");
        let again = ground.complet(&Annuaire::of(MONOD, 30), "20250910").await;
        assert!(again.all && again.imported().changes == Default::default(), "{}", again.text());
    })
    .await;
    on_each(async |ground| {
        assert!(ground.complet(&Annuaire::of(MONOD, 30), "20250908").await.all);
        siecle(&ground, &Roster::of(MONOD, 30).on("09/09/2025", |_| {})).await;
        assert_eq!(people(&ground).await, (30, 30));
        let keys = ground.texts("SELECT person_key FROM person WHERE person_key LIKE '%:%'").await;
        assert_eq!(keys, Vec::<String>::new(), "SIECLE's key stands where the delivery's stood");
    })
    .await;
}

#[tokio::test]
async fn roster_keys_a_row_of_two_keys_stays_where_the_files_have_one_of_them() {
    on_each(async |ground| {
        let annuaire = Annuaire::of(MONOD, 301);
        assert!(ground.complet(&annuaire, "20250908").await.all);
        for (table, column, key, other) in [
            ("pupil_roster_key", "pupil_id", "2900300", "2999999"),
            ("person_roster_key", "person_id", "3500300", "3999999"),
        ] {
            let sql = format!(
                "INSERT INTO {table} (academy, format, key, {column}) SELECT academy, format, '{other}', {column} \
                 FROM {table} WHERE key = '{key}'"
            );
            execute(&ground.db, sql).await;
        }
        for day in ["20250908", "20250909"] {
            let again = ground.complet(&annuaire, day).await;
            assert!(again.all && again.imported().changes == Default::default(), "{day}: {}", again.text());
        }
        // Who is in no file any more is found by the row.
        let mut fewer = annuaire.clone();
        fewer.pupils.remove(0);
        let told = ground.complet(&fewer, "20250910").await;
        assert_eq!(told.imported().changes.enrolments_ended, 1, "{}", told.text());
        assert_eq!(told.imported().changes.links_ended, 1, "{}", told.text());
    })
    .await;
}

#[tokio::test]
async fn roster_keys_two_parents_of_one_name_are_told_apart_by_the_mobile_or_left_alone() {
    on_each(async |ground| {
        let mut roster = Roster::of(MONOD, 3);
        roster.persons.push(("500100".into(), mobile(77)));
        roster.links.push(("900001".into(), "500100".into(), "1".into()));
        siecle(&ground, &roster).await;
        let mut annuaire = Annuaire::of(MONOD, 3);
        annuaire.pupils[1] = pupil_of(1, "7001", &["3500001$10$1$1$1$1", "3500077$10$1$1$1$1"]);
        annuaire.persons.push(person_of(77, "Anne", &mobile(77)));
        assert!(ground.complet(&annuaire, "20250908").await.all);
        assert_eq!(people(&ground).await, (3, 4));
        let keys = "SELECT p.person_key || ' ' || k.key FROM person p JOIN person_roster_key k ON k.person_id = p.id";
        assert_eq!(ground.texts(keys).await, ["500000 3500000", "500001 3500001", "500002 3500002", "500100 3500077"]);
    })
    .await;
    on_each(async |ground| {
        let mut roster = Roster::of(MONOD, 3);
        roster.persons.push(("500100".into(), mobile(1)));
        roster.links.push(("900001".into(), "500100".into(), "1".into()));
        siecle(&ground, &roster).await;
        let told = ground.complet(&Annuaire::of(MONOD, 3), "20250908").await;
        assert!(told.text().contains("PersRelEleve 3500001: could be several who are known"), "{}", told.text());
        assert_eq!(people(&ground).await, (3, 4), "nobody is added, nobody joined");
        assert_eq!(ground.links().await.len(), 2);
    })
    .await;
}

/// A child has a mother in one school and, by its file, a stepmother of the same name in another one.
#[tokio::test]
async fn roster_keys_a_parent_of_another_school_is_the_same_by_the_mobile_only() {
    for (number, persons) in [(mobile(77), 4), (mobile(1), 3)] {
        on_each(async |ground| {
            let of_lycee = Roster::of(LYCEE, 3);
            siecle(&ground, &of_lycee).await;
            let mut annuaire = Annuaire::of(MONOD, 3);
            annuaire.pupils[1] = pupil_of(1, "7001", &["3500001$20$1$1$1$1"]);
            annuaire.persons[1] = person_of(1, "Anne", &number);
            let told = ground.complet(&annuaire, "20250908").await;
            assert!(told.all, "{}", told.text());
            assert_eq!(people(&ground).await, (3, persons), "{number}");
        })
        .await;
    }
}

#[tokio::test]
async fn roster_keys_an_evenings_correction_survives_the_night() {
    on_each(async |ground| {
        let roster = Roster::of(MONOD, 30);
        siecle(&ground, &roster).await;
        assert!(ground.complet(&Annuaire::of(MONOD, 30), "20250908").await.all);
        // In the evening the secretary mends a mobile, and takes a parent away from a child.
        let mended = roster.on("10/09/2025", |roster| {
            roster.persons[3].1 = "06 39 98 77 77".into();
            roster.links.retain(|link| link.0 != "900005");
        });
        siecle(&ground, &mended).await;
        let night = ground.complet(&Annuaire::of(MONOD, 30), "20250911").await;
        assert!(night.all && night.imported().changes == Default::default(), "{}", night.text());
        assert_eq!(ground.mobile_of("3500003").await.as_deref(), Some("+33639987777"));
        assert!(ground.links().await.contains(&"2900005 3500005 legal 0349999J ended".to_owned()));
        // What is absent there is added.
        let mut more = Annuaire::of(MONOD, 30);
        more.pupils[4] = pupil_of(4, "7001", &["3500004$10$1$1$1$1", "3500090$20$1$1$1$1"]);
        more.persons.push(person_of(90, "Jean", &mobile(90)));
        assert!(ground.complet(&more, "20250912").await.all);
        assert!(ground.links().await.contains(&"2900004 3500090 legal 0349999J".to_owned()));
        let change = modify("PersRelEleve", "3500003", &[("mobile", &["0639981111"])]);
        assert!(ground.delta("20250912", &[("PersRelEleve", change.clone())]).await.all);
        assert_eq!(ground.mobile_of("3500003").await.as_deref(), Some("+33639987777"), "48 hours, not more");
        assert!(ground.links().await.contains(&"2900004 3500090 legal 0349999J".to_owned()), "unsaid, so unchanged");
        // SIECLE leaves it alone: each format ends what is its own.
        siecle(&ground, &mended.on("12/09/2025", |_| {})).await;
        assert!(ground.links().await.contains(&"2900004 3500090 legal 0349999J".to_owned()));
        assert!(ground.complet(&Annuaire::of(MONOD, 30), "20250913").await.all);
        assert!(ground.links().await.contains(&"2900004 3500090 legal 0349999J ended".to_owned()));
        // Much newer data replaces.
        let late = ground.delta("20250915", &[("PersRelEleve", change)]).await;
        assert!(late.all, "{}", late.text());
        assert_eq!(ground.mobile_of("3500003").await.as_deref(), Some("+33639981111"));
        siecle(&ground, &mended.on("16/09/2025", |_| {})).await;
        assert_eq!(ground.mobile_of("3500003").await.as_deref(), Some("+33639987777"), "the leading format is newer");
    })
    .await;
}

#[tokio::test]
async fn roster_keys_five_percent_are_counted_within_one_format_and_lead_takes_over() {
    on_each(async |ground| {
        siecle(&ground, &Roster::of(MONOD, 40)).await;
        // Twenty of the pupils only: nobody leaves by a format that never knew the others.
        let half = Annuaire::of(MONOD, 20);
        let told = ground.complet(&half, "20250909").await;
        assert!(told.all, "{}", told.text());
        let current = "SELECT pupil_id FROM enrolment WHERE ended_at IS NULL";
        assert_eq!(ground.texts(current).await.len(), 40);
        let files = half.files(&ground, "20250910");
        let lead = |request: &mut ImportRequest| (request.format, request.takes_lead) = (RosterFormat::Aaf, true);
        let told = ground.import_as(&files, lead).await;
        assert!(
            !told.all && told.text().contains("20 of 40 current pupils would end, more than 5 %"),
            "{}",
            told.text()
        );
        let accepted = |request: &mut ImportRequest| {
            lead(request);
            request.removals = RemovalPolicy::Accepted;
        };
        let told = ground.import_as(&files, accepted).await;
        assert!(told.all, "{}", told.text());
        assert_eq!(ground.texts(current).await.len(), 20);
        assert_eq!(ground.texts("SELECT leading_format FROM roster_set").await, ["aaf"]);
        // What both formats had alike is the new leader's to end too.
        let told = ground.complet(&Annuaire::of(MONOD, 19), "20250911").await;
        assert!(told.all, "{}", told.text());
        assert_eq!(ground.texts(current).await.len(), 19);
        let links = "SELECT pupil_id FROM link WHERE ended_at IS NULL GROUP BY pupil_id";
        assert_eq!(ground.texts(links).await.len(), 19);
        // SIECLE now is the other one.
        let told = ground.import(&Roster::of(MONOD, 40).on("10/09/2025", |_| {}).files(&ground)).await;
        assert!(told.all && told.text().contains("aaf leads here"), "{}", told.text());
        assert_eq!(ground.texts(current).await.len(), 19, "who left by the leading format stays away");
    })
    .await;
}

/// A parent whose one child is in a school where SIECLE leads, and whose other child is where the academy's export does.
#[tokio::test]
async fn roster_keys_a_correction_counts_from_the_last_change_and_who_repeats_corrects_nothing() {
    on_each(async |ground| {
        let roster = Roster::of(MONOD, 30);
        let night = |day: &'static str, number: &'static str| {
            let mut annuaire = Annuaire::of(MONOD, 30);
            annuaire.schools.push(("7002".into(), LYCEE.into(), String::new()));
            annuaire.pupils.push(pupil_of(70, "7002", &["3500001$20$1$1$0$0"]));
            annuaire.persons[1] = person_of(1, "Anne", number);
            let ground = &ground;
            async move {
                let told = ground.complet(&annuaire, day).await;
                assert!(told.all, "{}", told.text());
                (ground.mobile_of("3500001").await.unwrap(), told.text())
            }
        };
        let evening = |day: &'static str, number: &'static str| {
            let roster = roster.on(day, |roster| roster.persons[1].1 = number.into());
            let ground = &ground;
            async move {
                let told = ground.import(&roster.files(ground)).await;
                assert!(told.all, "{}", told.text());
                (ground.mobile_of("3500001").await.unwrap(), told.text())
            }
        };
        siecle(&ground, &roster).await;
        night("20250908", "0639980001").await;
        assert_eq!(night("20250912", "0639981111").await.0, "+33639981111", "much newer than SIECLE's last set");
        // A day later is too early, and told.
        let (number, told) = evening("13/09/2025", "0639987777").await;
        assert_eq!(number, "+33639981111");
        let line = "0349999J: for the school: PERSONNE 500001: other mobile than aaf gives at another school, and no \
                    newer one by 48 hours; left unchanged";
        assert!(told.lines().any(|told| told == line), "{told}");
        // The nights confirm what was said on the 12th; the correction is three days newer than that.
        assert_eq!(night("20250914", "0639981111").await.0, "+33639981111");
        assert_eq!(night("20250916", "0639981111").await.0, "+33639981111");
        let (number, told) = evening("15/09/2025", "0639987777").await;
        assert_eq!(number, "+33639987777", "{told}");
        // The old number every night, and the new one every evening: nothing changes any more.
        for (day, next) in [("17/09/2025", "20250918"), ("18/09/2025", "20250919"), ("19/09/2025", "20250920")] {
            assert_eq!(evening(day, "0639987777").await.0, "+33639987777");
            assert_eq!(night(next, "0639981111").await.0, "+33639987777");
        }
        // Another new number there is a correction, and SIECLE's is an old one then.
        let (number, told) = night("20250921", "0639983333").await;
        assert_eq!(number, "+33639983333", "{told}");
        for day in ["21/09/2025", "24/09/2025"] {
            let (number, told) = evening(day, "0639987777").await;
            assert_eq!(number, "+33639983333");
            assert!(told.lines().any(|told| told == line), "{told}");
        }
        assert_eq!(evening("25/09/2025", "0639984444").await.0, "+33639984444");
    })
    .await;
}
