//! Records without ids and their namesakes: nobody becomes the child, the twin or the parent of whoever has that name.

use std::sync::atomic::Ordering::SeqCst;

use super::tables::{ANNE, LEO, MARC, PERSONS, PUPILS, ZOE};
use super::*;

const DAY: i64 = 86_400_000;
/// Of the same name as [`ZOE`], in another class.
const OTHER_ZOE: &str = "DURAND;;Zoé;01/02/2015;990000005ZA;CM2 B";
/// A responsable of [`ZOE`] alone, by names and class.
const LOU: &str = ";PETIT;Lou;;06 39 98 00 05;;DURAND;Zoé;CE1 A;;;;";

fn all_legal(_: &mut ImportRequest, said: &mut TableRequest) {
    said.all_legal = Some(true);
}

#[tokio::test]
async fn a_sole_namesake_in_another_class_is_not_the_child_that_a_row_names() {
    on_each(async |ground| {
        ground.first_degree().await;
        // The child's own row cannot be read.
        let unread = ZOE.replace("14/02/2017", "14/02/17");
        let told = ground.onde_as((&[&unread, OTHER_ZOE, LEO], &[LOU]), 0, all_legal).await;
        let line = "line 2: Responsable: names a child whose own row could not be read";
        assert!(!told.all && told.text().contains(line), "{}", told.text());
        assert_eq!(ground.family().await, [""; 0]);
        // Nor is it there at all.
        let told = ground.onde_as((&[OTHER_ZOE, LEO], &[LOU]), 1, all_legal).await;
        let line = "names a child in a class in which no pupil of that name is; the link is not taken";
        assert!(told.text().contains(line) && told.text().contains("Responsable of line 2 of"), "{}", told.text());
        assert_eq!((ground.family().await, ground.ids(PERSONS).await), (vec![], vec![]));
        // Beside a child of whom there is no doubt, only the doubtful one is left out.
        let both = ";PETIT;Lou;;;;DURAND;Léo;CP B;;DURAND;Zoé;CE1 A";
        ground.onde_as((&[OTHER_ZOE, LEO], &[both]), 2, all_legal).await;
        assert_eq!(ground.family().await, ["Lou Léo legal"]);
        // A class that the pupils' table has late takes no child away.
        ground
            .onde_as((&[ZOE, LEO], &[both]), 3, |request, said| {
                all_legal(request, said);
                request.removals = RemovalPolicy::Accepted;
            })
            .await;
        let before = ground.family().await;
        let told = ground.onde_as((&[&ZOE.replace("CE1", "CE2"), LEO], &[both]), 4, all_legal).await;
        assert!(told.all, "{}", told.text());
        assert_eq!(ground.family().await, before);
    })
    .await;
}

#[tokio::test]
async fn a_class_is_compared_as_it_is_written() {
    on_each(async |ground| {
        ground.first_degree().await;
        let of = |class: &str| LOU.replace("CE1 A", class);
        // A class of two levels is neither of them.
        let told = ground.onde_as((&[&ZOE.replace("CE1 A", "CM1"), LEO], &[&of("CM1/CM2")]), 0, all_legal).await;
        assert!(told.text().contains("in a class in which no pupil of that name is"), "{}", told.text());
        assert_eq!(ground.family().await, [""; 0]);
        // It is a class of its own; and so is one that is too long for the pupil's own column.
        for (day, class) in (1..).zip(["CM1/CM2", "CP Mme Lefebvre-Dubois", "GS-CP-CE1-CE2-CM1-CM2-ULIS"]) {
            let told = ground.onde_as((&[&ZOE.replace("CE1 A", class), LEO], &[&of(class)]), day, all_legal).await;
            assert!(told.all, "{class}: {}", told.text());
            assert_eq!(ground.family().await, ["Lou Zoé legal"], "{class}");
        }
    })
    .await;
}

#[tokio::test]
async fn roster_keys_twins_whose_ines_were_exchanged_stay_themselves() {
    on_each(async |ground| {
        ground.first_degree().await;
        let twins = ["DURAND;;Zoé;14/02/2017;990000001ZA;CE1 A", "DURAND;;Léo;14/02/2017;990000002ZA;CE1 A"];
        let told = ground.onde((&twins, &[]), 0).await;
        assert!(told.all, "{}", told.text());
        let before = ground.ids(PUPILS).await;
        let exchanged = ["DURAND;;Zoé;14/02/2017;990000002ZA;CE1 A", "DURAND;;Léo;14/02/2017;990000001ZA;CE1 A"];
        let told = ground.onde((&exchanged, &[]), 1).await;
        assert!(
            told.text().contains("Élève of line 2 of ") && told.text().contains("could be several"),
            "{}",
            told.text()
        );
        assert_eq!(ground.ids(PUPILS).await, before);
        // One alone has the number of the other.
        let told = ground.onde((&[exchanged[0], "DURAND;;Léo;14/02/2017;;CE1 A"], &[]), 2).await;
        assert!(told.text().contains("could be several"), "{}", told.text());
        assert_eq!(ground.ids(PUPILS).await, before);
        // A given name that was corrected is no exchange.
        let told = ground.onde((&[&twins[0].replace("Zoé", "Zoéline"), twins[1]], &[]), 3).await;
        assert!(told.all && told.text().contains("pupils +0 ~1"), "{}", told.text());
    })
    .await;
}

#[tokio::test]
async fn roster_keys_a_responsable_whom_the_school_took_away_long_ago_comes_back_for_no_namesake() {
    on_each(async |ground| {
        ground.first_degree().await;
        let accepted = |request: &mut ImportRequest, _: &mut TableRequest| request.removals = RemovalPolicy::Accepted;
        ground.onde((&[ZOE, LEO], &[ANNE, MARC]), 0).await;
        let first = ground.ids(PERSONS).await;
        ground.onde_as((&[ZOE, LEO], &[ANNE]), 1, accepted).await;
        // Left out by mistake, it is the same person.
        ground.clock.fetch_add(30 * DAY, SeqCst);
        ground.onde((&[ZOE, LEO], &[ANNE, MARC]), 2).await;
        assert_eq!(ground.ids(PERSONS).await, first);
        ground.onde_as((&[ZOE, LEO], &[ANNE]), 3, accepted).await;
        ground.clock.fetch_add(100 * DAY, SeqCst);
        let told = ground.onde((&[ZOE, LEO], &[ANNE, MARC]), 4).await;
        assert!(told.all && told.text().contains("persons +1"), "{}", told.text());
        let second = ground.ids(PERSONS).await;
        assert_eq!(second.len(), first.len() + 1);
        // And is known again from then on.
        ground.onde((&[ZOE, LEO], &[ANNE, MARC]), 5).await;
        assert_eq!(ground.ids(PERSONS).await, second);
        // Whose child went to another place, and came back, is the same person however long it took.
        ground.onde_as((&[LEO], &[ANNE]), 6, accepted).await;
        ground.clock.fetch_add(100 * DAY, SeqCst);
        ground.onde((&[ZOE, LEO], &[ANNE, MARC]), 7).await;
        assert_eq!(ground.ids(PERSONS).await, second);
    })
    .await;
}
