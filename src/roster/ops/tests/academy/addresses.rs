//! The addresses of somebody whose number two formats contest: they decide nothing.

use super::*;

const CHANGED_AT: &str = "SELECT CAST(changed_at AS TEXT) FROM person WHERE person_key = '500001'";

/// A parent whose one child is in a school where SIECLE leads, which has no addresses here, and whose other child is
/// where the academy's export does.
#[tokio::test]
async fn roster_keys_another_address_brings_no_number_back() {
    on_each(async |ground| {
        let roster = Roster::of(MONOD, 30);
        let night = async |day: &str, number: &str, mail: &str| {
            let mut annuaire = Annuaire::of(MONOD, 30);
            annuaire.schools.push(("7002".into(), LYCEE.into(), String::new()));
            annuaire.pupils.push(pupil_of(70, "7002", &["3500001$20$1$1$0$0"]));
            annuaire.persons[1] = person_of(1, "Anne", number);
            if !mail.is_empty() {
                annuaire.persons[1].1.push_str(&attr("mail", mail));
            }
            let told = ground.complet(&annuaire, day).await;
            assert!(told.all, "{}", told.text());
            ground.mobile_of("3500001").await.unwrap()
        };
        let evening = async |day: &str, number: &str| {
            let roster = roster.on(day, |roster| roster.persons[1].1 = number.into());
            let told = ground.import(&roster.files(&ground)).await;
            assert!(told.all, "{}", told.text());
        };
        let known = async || ground.mobile_of("3500001").await.unwrap();
        evening("08/09/2025", "0639980001").await;
        night("20250908", "0639980001", "").await;
        assert_eq!(night("20250912", "0639981111", "").await, "+33639981111");
        evening("15/09/2025", "0639987777").await;
        assert_eq!(known().await, "+33639987777", "a correction");
        // The old number with an address that is new: neither is taken.
        evening("18/09/2025", "0639987777").await;
        assert_eq!(known().await, "+33639987777");
        assert_eq!(night("20250919", "0639981111", "n@exemple.invalid").await, "+33639987777");
        assert!(ground.mails().await.is_empty());
        // Nor with the number that is known: the address is that of whoever leads the row.
        evening("19/09/2025", "0639987777").await;
        assert_eq!(known().await, "+33639987777");
        for (day, mail, next) in
            [("20250920", "n@exemple.invalid", "20/09/2025"), ("20250921", "z@exemple.invalid", "21/09/2025")]
        {
            assert_eq!(night(day, "0639987777", mail).await, "+33639987777");
            assert!(ground.mails().await.is_empty(), "{day}");
            evening(next, "0639987777").await;
            assert_eq!(known().await, "+33639987777");
        }
        // A correction there takes the address along. Then it changes alone, and the data is as old as before.
        assert_eq!(night("20250922", "0639983333", "m@exemple.invalid").await, "+33639983333");
        evening("22/09/2025", "0639987777").await;
        assert_eq!(known().await, "+33639983333");
        let changed_at = ground.texts(CHANGED_AT).await;
        assert_eq!(night("20250923", "0639983333", "o@exemple.invalid").await, "+33639983333");
        assert_eq!(ground.mails().await, ["Anne o@exemple.invalid"]);
        assert_eq!(ground.texts(CHANGED_AT).await, changed_at);
        // A file that says nothing of addresses repeats its number: that the known address is another one corrects
        // nothing.
        evening("26/09/2025", "0639987777").await;
        assert_eq!(known().await, "+33639983333");
        assert_eq!(ground.mails().await, ["Anne o@exemple.invalid"]);
    })
    .await;
}

/// A school that the academy's export leads; days later the school gives the same people with an address.
#[tokio::test]
async fn roster_keys_an_address_leaves_the_row_to_whoever_leads_it_and_its_number_as_old_as_it_was() {
    on_each(async |ground| {
        let told = ground.complet(&Annuaire::of(MONOD, 30), "20250908").await;
        assert!(told.all, "{}", told.text());
        let sql = "SELECT COALESCE(led_by, '-') || ' ' || CAST(COALESCE(changed_at, exported_at) AS TEXT) FROM person \
                   ORDER BY id";
        let before = ground.texts(sql).await;
        assert!(before.iter().all(|row| row.starts_with("aaf ")), "{before:?}");
        let later = Roster::of(MONOD, 30).on("18/09/2025", |_| ());
        let told = ground.import_with_mails(&later, &[("500001", "n@exemple.invalid")]).await;
        assert!(told.all, "{}", told.text());
        assert_eq!(ground.mails().await, ["Anne n@exemple.invalid"]);
        assert_eq!(ground.texts(sql).await, before);
    })
    .await;
}
