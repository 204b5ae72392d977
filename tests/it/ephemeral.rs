//! What every ephemeral store keeps to: the one in memory, and a Redis where there is one.

use std::sync::Arc;

use preau::base::clock::{Span, Timestamp};
use preau::base::secret::sha256_base64url;
use preau::config::EphemeralStore;
use preau::crypto::MasterKey;
use preau::ephemeral::{Ephemeral, EphemeralError, MAX_KEY_BYTES, Namespace, TOMBSTONE_TTL, TakeResult};
use tokio::task::JoinSet;

use crate::support::redis::{self, OwnRedis};

const NOW: Timestamp = Timestamp(1_795_510_800_000);

fn open(config: &EphemeralStore) -> Ephemeral {
    Ephemeral::open(config, &MasterKey::new([7; 32]).unwrap()).unwrap()
}

/// Every kind of store, and what keeps it alive. A Redis of the run, else one of the test's own.
async fn stores() -> Vec<(&'static str, Arc<Ephemeral>, Option<OwnRedis>)> {
    let mut all = vec![("memory", Arc::new(Ephemeral::memory()), None)];
    if redis::shared_url().is_some() {
        all.push(("redis", Arc::new(open(&redis::new_store())), None));
    } else {
        let own = OwnRedis::start(&[]).await;
        all.push(("redis", Arc::new(open(&own.store())), Some(own)));
    }
    all
}

fn later(seconds: i64) -> Timestamp {
    NOW.plus(Span::seconds(seconds))
}

#[tokio::test]
async fn a_record_is_read_until_the_given_now_reaches_its_expiry() {
    for (name, store, _alive) in stores().await {
        let get = async |key: &str, now| store.get(Namespace::Interaction, key, now).await.unwrap();
        store.put(Namespace::Interaction, "a", "é «1» 0 \n", later(60), NOW).await.unwrap();
        assert_eq!(get("a", later(59)).await.as_deref(), Some("é «1» 0 \n"), "{name}");
        assert_eq!(get("a", later(60)).await, None, "{name}");
        assert_eq!(get("b", NOW).await, None, "{name}");
        store.put(Namespace::Interaction, "a", "second", later(120), NOW).await.unwrap();
        assert_eq!(get("a", later(60)).await.as_deref(), Some("second"), "{name}: replaced");
        store.remove(Namespace::Interaction, "a").await.unwrap();
        assert_eq!(get("a", NOW).await, None, "{name}: removed");
        store.put(Namespace::Interaction, "", "", later(60), NOW).await.unwrap();
        assert_eq!(get("", NOW).await.as_deref(), Some(""), "{name}: empty");
        // A clock that went back, or another server's that is behind: no harm.
        store.put(Namespace::Interaction, "past", "v", later(-60), NOW).await.unwrap();
        assert_eq!(get("past", NOW).await, None, "{name}");
    }
}

#[tokio::test]
async fn attack_c2_a_record_is_taken_once_and_remembered_as_taken_for_ten_minutes() {
    for (name, store, _alive) in stores().await {
        let take = async |now| store.take(Namespace::Code, "a", now).await.unwrap();
        assert_eq!(take(NOW).await, TakeResult::NotFound, "{name}");
        store.put(Namespace::Code, "a", "v", later(60), NOW).await.unwrap();
        assert_eq!(take(later(60)).await, TakeResult::NotFound, "{name}: expired");
        assert_eq!(take(later(59)).await, TakeResult::Taken("v".into()), "{name}");
        let end = later(59).plus(TOMBSTONE_TTL);
        assert_eq!(take(later(61)).await, TakeResult::AlreadyTaken("v".into()), "{name}");
        assert_eq!(take(end.minus(Span(1))).await, TakeResult::AlreadyTaken("v".into()), "{name}");
        assert_eq!(store.get(Namespace::Code, "a", later(59)).await.unwrap(), None, "{name}: not read any more");
        assert_eq!(take(end).await, TakeResult::NotFound, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_c2_of_a_hundred_takers_at_once_one_has_it() {
    for (name, store, _alive) in stores().await {
        for round in 0..5 {
            let key = format!("k{round}");
            store.put(Namespace::Code, &key, "v", later(60), NOW).await.unwrap();
            let mut tasks = Vec::new();
            for _ in 0..100 {
                let (store, key) = (Arc::clone(&store), key.clone());
                tasks.push(tokio::spawn(async move { store.take(Namespace::Code, &key, NOW).await.unwrap() }));
            }
            let mut won = 0;
            for task in tasks {
                match task.await.unwrap() {
                    TakeResult::Taken(_) => won += 1,
                    other => assert_eq!(other, TakeResult::AlreadyTaken("v".into()), "{name}"),
                }
            }
            assert_eq!(won, 1, "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_t14_of_a_hundred_who_claim_at_once_one_is_the_first_until_it_expires() {
    for (name, store, _alive) in stores().await {
        for round in 0..5 {
            let key = format!("jti{round}");
            let mut tasks = Vec::new();
            for _ in 0..100 {
                let (store, key) = (Arc::clone(&store), key.clone());
                tasks.push(tokio::spawn(async move {
                    store.claim_once("c", Namespace::Assertion, &key, later(60), NOW).await.unwrap()
                }));
            }
            let mut first = 0;
            for task in tasks {
                first += usize::from(task.await.unwrap());
            }
            assert_eq!(first, 1, "{name}");
        }
        let claim = async |kind, now: Timestamp| {
            store.claim_once("c", kind, "x", now.plus(Span::seconds(60)), now).await.unwrap()
        };
        assert!(claim(Namespace::DpopProof, NOW).await, "{name}");
        assert!(!claim(Namespace::DpopProof, later(59)).await, "{name}: the first one's expiry stands");
        assert!(claim(Namespace::DpopProof, later(60)).await, "{name}");
        assert!(!claim(Namespace::DpopProof, later(119)).await, "{name}");
        assert!(claim(Namespace::Assertion, NOW).await, "{name}: c7, another kind");
    }
}

#[tokio::test]
async fn attack_c7_a_record_of_one_kind_is_none_of_another() {
    for (name, store, _alive) in stores().await {
        let records = [Namespace::Code, Namespace::Interaction, Namespace::Logout, Namespace::Par];
        for kind in records {
            store.put(kind, "a", kind.name(), later(60), NOW).await.unwrap();
        }
        for kind in records {
            assert_eq!(store.get(kind, "a", NOW).await.unwrap().as_deref(), Some(kind.name()), "{name}");
            assert_eq!(store.take(kind, "a", NOW).await.unwrap(), TakeResult::Taken(kind.name().into()), "{name}");
        }
    }
}

#[tokio::test]
async fn attack_d10_what_is_too_large_is_refused() {
    for (name, store, _alive) in stores().await {
        let most = "é".repeat(Namespace::Par.max_value_bytes() / 2);
        store.put(Namespace::Par, "a", &most, later(60), NOW).await.unwrap();
        assert_eq!(store.get(Namespace::Par, "a", NOW).await.unwrap(), Some(most.clone()), "{name}");
        let put = store.put(Namespace::Par, "a", &format!("{most}x"), later(60), NOW).await;
        assert!(matches!(put, Err(EphemeralError::TooLarge(_))), "{name}");
        let claim = store.claim_once("c", Namespace::Assertion, &"k".repeat(MAX_KEY_BYTES + 1), later(60), NOW).await;
        assert!(matches!(claim, Err(EphemeralError::TooLarge(_))), "{name}");
    }
}

#[tokio::test]
async fn faults_a6_a7_an_owner_fills_its_own_place_and_nobody_else_s() {
    for (name, store, _alive) in stores().await {
        let big = "x".repeat(Namespace::Par.max_value_bytes());
        let put = async |owner: &str, key: String, now| {
            store
                .put_for(owner, Namespace::Par, &key, &big, Timestamp(now).plus(Span::seconds(60)), Timestamp(now))
                .await
        };
        let fill = async |owner: &str| {
            let mut kept = 0;
            while put(owner, format!("{owner}{kept}"), NOW.0).await.is_ok() {
                kept += 1;
            }
            kept
        };
        store.put_for("person", Namespace::Par, "hers", "v", later(60), NOW).await.unwrap();
        let most = Namespace::Par.quota().per_owner / big.len();
        let first = fill("one").await;
        assert!((most * 9 / 10..=most).contains(&first), "{name}: {first}");
        assert!(matches!(put("one", "more".into(), NOW.0).await, Err(EphemeralError::Full(Namespace::Par))), "{name}");
        assert!(fill("two").await > 0 && fill("three").await > 0, "{name}: their places are their own");
        // All is full; who has little is not refused for it, and nobody's record went.
        store.put_for("four", Namespace::Par, "d", "v", later(60), NOW).await.unwrap();
        for key in ["hers", "d", "one0", "two0", "three0"] {
            assert!(store.get(Namespace::Par, key, NOW).await.unwrap().is_some(), "{name}: {key}");
        }
        let after = later(75).0;
        put("one", "later".into(), after).await.unwrap();
        // The same of claims.
        let claim = |owner: &'static str, n: usize| {
            let store = Arc::clone(&store);
            async move {
                let key = sha256_base64url(&format!("{owner}{n}"));
                store.claim_once(owner, Namespace::Assertion, &key, later(60), NOW).await
            }
        };
        let mut claimed = 0;
        loop {
            let batch: JoinSet<_> = (claimed..claimed + 100).map(|n| claim("one", n)).collect();
            let batch = batch.join_all().await;
            claimed += batch.iter().filter(|claim| matches!(claim, Ok(true))).count();
            if batch.iter().any(Result::is_err) {
                break;
            }
        }
        assert!(claimed > 20_000, "{name}: {claimed}");
        assert!(!claim("one", 0).await.unwrap(), "{name}: none is forgotten for it");
        assert!(claim("two", 0).await.unwrap(), "{name}");
    }
}

/// What each answer of an upstream leaves: a flood of twenty networks ends nobody else's sign-in, and forgets no mark of a
/// network that has few.
#[tokio::test(flavor = "multi_thread")]
async fn attack_d1_attack_a7_marks_give_way_to_marks_of_their_own_network_and_are_never_refused() {
    const NETWORKS: usize = 20;
    const EACH: usize = 1_700;
    for (name, store, _alive) in stores().await {
        let mark = async |owner: &str, key: &str, ends| {
            store.mark_once(owner, Namespace::UpstreamState, key, ends, NOW).await.unwrap()
        };
        assert!(mark("school", "hers", later(890)).await, "{name}");
        let mut floods = Vec::new();
        for network in 0..NETWORKS {
            let store = Arc::clone(&store);
            floods.push(tokio::spawn(async move {
                let owner = format!("network {network}");
                for n in 0..EACH {
                    let ends = NOW.plus(Span::seconds(900)).plus(Span(i64::try_from(n).unwrap()));
                    let key = format!("{network}-{n}");
                    let marked = store.mark_once(&owner, Namespace::UpstreamState, &key, ends, NOW).await;
                    assert!(marked.unwrap(), "{network}-{n}");
                }
            }));
        }
        for flood in floods {
            flood.await.unwrap();
        }
        assert!(!mark("school", "hers", later(890)).await, "{name}: it serves no second time");
        assert!(!mark("network 3", "3-1699", later(900)).await, "{name}: nor does what came last");
        assert!(mark("school", "next", later(900)).await, "{name}: the door is open");
        assert!(mark("network 3", "3-0", later(900)).await, "{name}: of its own, the oldest went");
    }
}

#[tokio::test]
async fn faults_a6_a_pushed_request_that_was_taken_keeps_no_value() {
    for (name, store, _alive) in stores().await {
        store.put(Namespace::Par, "a", "v", later(60), NOW).await.unwrap();
        assert_eq!(store.take(Namespace::Par, "a", NOW).await.unwrap(), TakeResult::Taken("v".into()), "{name}");
        assert_eq!(
            store.take(Namespace::Par, "a", NOW).await.unwrap(),
            TakeResult::AlreadyTaken(String::new()),
            "{name}"
        );
        assert_eq!(store.get(Namespace::Par, "a", NOW).await.unwrap(), None, "{name}");
    }
}

/// What a thief finds: names that are digests, values that do not open, no place where they open but their own.
#[tokio::test]
async fn who_reads_redis_learns_nothing_and_who_writes_there_makes_no_code_up() {
    let own = OwnRedis::start(&[]).await;
    let config = own.store();
    let store = open(&config);
    store.put(Namespace::Interaction, "the-i", "a.durand12", later(60), NOW).await.unwrap();
    store.put(Namespace::Code, "a-code", "{\"account_id\":\"1\"}", later(60), NOW).await.unwrap();
    let name = |kind: Namespace, key: &str| format!("{}:v1:{}:{}", config.prefix, kind.name(), sha256_base64url(key));
    let names = own.command(&["KEYS", "*"]);
    assert!(names.contains(&name(Namespace::Code, "a-code")) && !names.contains("the-i"), "{names}");
    let text = own.command(&["GET", &name(Namespace::Code, "a-code")]);
    assert!(!text.contains("account"), "{text}");
    let text = text.trim();
    // Moved under another key, under another kind, or with a later expiry: unknown.
    own.command(&["SET", &name(Namespace::Code, "other"), text]);
    own.command(&["SET", &name(Namespace::Par, "a-code"), text]);
    own.command(&[
        "SET",
        &name(Namespace::Code, "late"),
        &text.replace(&later(60).to_string(), &later(600).to_string()),
    ]);
    own.command(&["SET", &name(Namespace::Code, "made-up"), &format!("{0} 0 {0} {{}}", later(60))]);
    own.command(&["SET", &name(Namespace::Code, "noise"), "noise"]);
    for (kind, key) in [
        (Namespace::Code, "other"),
        (Namespace::Par, "a-code"),
        (Namespace::Code, "late"),
        (Namespace::Code, "made-up"),
        (Namespace::Code, "noise"),
    ] {
        assert_eq!(store.get(kind, key, NOW).await.unwrap(), None, "{key}");
        assert_eq!(store.take(kind, key, NOW).await.unwrap(), TakeResult::NotFound, "{key}");
    }
    // Only its end put off: the sealed expiry counts.
    let (end, rest) = text.split_once(' ').unwrap();
    assert_eq!(end, later(60).to_string());
    own.command(&["SET", &name(Namespace::Code, "a-code"), &format!("{} {rest}", later(600))]);
    assert_eq!(store.take(Namespace::Code, "a-code", later(61)).await.unwrap(), TakeResult::NotFound);
    // Another house's key opens nothing.
    let other = Ephemeral::open(&config, &MasterKey::new([8; 32]).unwrap()).unwrap();
    assert_eq!(other.get(Namespace::Interaction, "the-i", NOW).await.unwrap(), None);
    assert_eq!(store.get(Namespace::Interaction, "the-i", NOW).await.unwrap().as_deref(), Some("a.durand12"));
    // Redis frees what it holds by itself, a little later than it expires.
    let left: i64 = own.command(&["PTTL", &name(Namespace::Interaction, "the-i")]).trim().parse().unwrap();
    assert!((100_000..=120_000).contains(&left), "{left}");
}
