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
        let change = modify("PersRelEleve", "3500003", &[("mobile", &["0639981111"])]);
        assert!(ground.delta("20250912", &[("PersRelEleve", change.clone())]).await.all);
        assert_eq!(ground.mobile_of("3500003").await.as_deref(), Some("+33639987777"), "48 hours, not more");
        // What is absent there is added.
        let mut more = Annuaire::of(MONOD, 30);
        more.pupils[4] = pupil_of(4, "7001", &["3500004$10$1$1$1$1", "3500090$20$1$1$1$1"]);
        more.persons.push(person_of(90, "Jean", &mobile(90)));
        assert!(ground.complet(&more, "20250912").await.all);
        assert!(ground.links().await.contains(&"2900004 3500090 legal 0349999J".to_owned()));
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
