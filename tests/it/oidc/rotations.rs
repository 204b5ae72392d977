//! Rotations of several refresh token families in one statement
//! (docs/decisions/0066-connections-at-hand-and-shared-commits.md): each is a compare-and-set of its own, and none answers
//! for another one.

use preau::app::FamilyRotation;
use preau::base::clock::Timestamp;
use preau::base::typed_ids::RefreshFamilyId;
use preau::db::{Durability, MAX_GROUP_SIZE};
use preau::grants::ops::rotate_family;
use preau::grants::store::families;

use crate::support::TestServer;

/// Starts a server with families of these generations; one that ended has the time.
async fn server_with(rows: &[(&str, i64, Option<i64>)]) -> TestServer {
    let server = TestServer::start().await;
    let account = server.create_durand().await.account_id;
    for (id, generation, ended_at) in rows {
        let sql = "INSERT INTO refresh_family (id, account_id, client_id, details, generation, turned_at, \
                   access_generation, created_at, expires_at, ended_at) \
                   VALUES ($1, $2, 'app', '{}', $3, 1, 1, 1, 9000000000000, $4)";
        let args = vec![(*id).into(), account.as_str().into(), (*generation).into(), (*ended_at).into()];
        server.execute_sql(sql, args).await;
    }
    server
}

fn rotation(id: &str, generation: i64, at: i64) -> FamilyRotation {
    FamilyRotation { family: RefreshFamilyId::new(id), generation, at: Timestamp(at) }
}

async fn rotate(server: &TestServer, rotations: &[FamilyRotation]) -> Vec<bool> {
    let mut tx = server.app.db.write(Durability::Durable).await.unwrap();
    let rotated = families::rotate(&mut tx, &rotations.iter().collect::<Vec<_>>()).await.unwrap();
    tx.commit().await.unwrap();
    rotated
}

/// Returns id, generation and time of the last rotation of each family.
async fn state(server: &TestServer) -> Vec<String> {
    let sql = "SELECT id || ' ' || CAST(generation AS TEXT) || ' ' || CAST(turned_at AS TEXT) FROM refresh_family \
               ORDER BY id";
    server.query_texts(sql).await
}

#[tokio::test]
async fn of_a_group_each_family_is_rotated_once_from_its_own_generation_or_not_at_all() {
    let server = server_with(&[
        ("apart", 5, None),
        ("current", 3, None),
        ("ended", 2, Some(50)),
        ("first", 1, None),
        ("overtaken", 6, None),
        ("twice", 4, None),
    ])
    .await;
    let group = [
        rotation("current", 3, 100),
        // Another request was first; and nobody has a token of a generation that is still to come.
        rotation("overtaken", 5, 200),
        rotation("overtaken", 7, 250),
        rotation("ended", 2, 300),
        rotation("twice", 4, 400),
        rotation("twice", 4, 401),
        rotation("nobody", 5, 500),
        rotation("first", 1, 900),
    ];
    assert_eq!(group.len(), MAX_GROUP_SIZE);
    assert_eq!(rotate(&server, &group).await, [true, false, false, false, true, false, false, true]);
    let right = ["apart 5 1", "current 4 900", "ended 2 1", "first 2 900", "overtaken 6 1", "twice 5 900"];
    assert_eq!(state(&server).await, right);
    // The statement is repeated after a failure that hid its answer: it changes nothing then.
    assert_eq!(rotate(&server, &group).await, [false; MAX_GROUP_SIZE]);
    assert_eq!(state(&server).await, right);
    // One that loses takes nobody with it, in the smallest group too.
    let pair = [rotation("overtaken", 5, 950), rotation("apart", 5, 940)];
    assert_eq!(rotate(&server, &pair).await, [false, true]);
    assert_eq!(rotate(&server, &pair[1..]).await, [false], "alone");
    assert_eq!(state(&server).await[0], "apart 6 950");
}

#[tokio::test]
async fn groups_of_every_size_are_rotated() {
    let ids: Vec<String> = (0..MAX_GROUP_SIZE).map(|n| format!("f{n}")).collect();
    let rows: Vec<(&str, i64, Option<i64>)> = ids.iter().map(|id| (id.as_str(), 1, None)).collect();
    let server = server_with(&rows).await;
    let mut generations = [1; MAX_GROUP_SIZE];
    for size in 1..=MAX_GROUP_SIZE {
        let group: Vec<FamilyRotation> =
            ids.iter().zip(generations).take(size).map(|(id, generation)| rotation(id, generation, 10)).collect();
        assert_eq!(rotate(&server, &group).await, vec![true; size], "{size}");
        assert_eq!(rotate(&server, &group).await, vec![false; size], "{size}, again");
        generations.iter_mut().take(size).for_each(|generation| *generation += 1);
        let right: Vec<String> = ids
            .iter()
            .zip(generations)
            .enumerate()
            .map(|(n, (id, generation))| format!("{id} {generation} {}", if n < size { 10 } else { 1 }))
            .collect();
        assert_eq!(state(&server).await, right, "{size}");
    }
}

#[tokio::test]
async fn requests_that_wait_for_the_writer_get_each_an_answer_of_its_own() {
    let server = server_with(&[("a", 1, None), ("b", 1, None), ("c", 1, Some(50)), ("d", 1, None)]).await;
    // With SQLite they are written together, once the writer is free.
    let taken = server.app.db.write(Durability::Durable).await.unwrap();
    let tasks = ["a", "b", "b", "c", "d"].map(|id| {
        let server = server.clone();
        tokio::spawn(async move { rotate_family(&server.operation(), &RefreshFamilyId::new(id), 1).await.unwrap() })
    });
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    taken.commit().await.unwrap();
    let mut rotated = Vec::new();
    for task in tasks {
        rotated.push(task.await.unwrap());
    }
    assert!(rotated[1] != rotated[2], "one of the two: {rotated:?}");
    assert_eq!((rotated[0], rotated[3], rotated[4]), (true, false, true));
    let now = server.now().0;
    let right = [format!("a 2 {now}"), format!("b 2 {now}"), "c 1 1".to_owned(), format!("d 2 {now}")];
    assert_eq!(state(&server).await, right);
}
