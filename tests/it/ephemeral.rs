//! What every ephemeral store keeps to: the one in memory, and a Redis where there is one.

use std::sync::Arc;

use preau::base::clock::{Span, Timestamp};
use preau::base::secret::digest;
use preau::config::EphemeralStore;
use preau::ephemeral::{Ephemeral, Error, Kind, MAX_KEY, TOMBSTONE, Taken};
use preau::seal::Vault;

use crate::support::redis::{self, OwnRedis};

const NOW: Timestamp = Timestamp(1_795_510_800_000);

fn open(config: &EphemeralStore) -> Ephemeral {
    Ephemeral::open(config, &Vault::new([7; 32]).unwrap()).unwrap()
}

/// Every kind of store, and what keeps it alive. A Redis of the run, else one of the test's own.
async fn stores() -> Vec<(&'static str, Arc<Ephemeral>, Option<OwnRedis>)> {
    let mut all = vec![("memory", Arc::new(Ephemeral::memory()), None)];
    if redis::shared().is_some() {
        all.push(("redis", Arc::new(open(&redis::fresh())), None));
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
        let get = async |key: &str, now| store.get(Kind::Interaction, key, now).await.unwrap();
        store.put(Kind::Interaction, "a", "é «1» 0 \n", later(60), NOW).await.unwrap();
        assert_eq!(get("a", later(59)).await.as_deref(), Some("é «1» 0 \n"), "{name}");
        assert_eq!(get("a", later(60)).await, None, "{name}");
        assert_eq!(get("b", NOW).await, None, "{name}");
        store.put(Kind::Interaction, "a", "second", later(120), NOW).await.unwrap();
        assert_eq!(get("a", later(60)).await.as_deref(), Some("second"), "{name}: replaced");
        store.remove(Kind::Interaction, "a").await.unwrap();
        assert_eq!(get("a", NOW).await, None, "{name}: removed");
        store.put(Kind::Interaction, "", "", later(60), NOW).await.unwrap();
        assert_eq!(get("", NOW).await.as_deref(), Some(""), "{name}: empty");
        // A clock that went back, or another server's that is behind: no harm.
        store.put(Kind::Interaction, "past", "v", later(-60), NOW).await.unwrap();
        assert_eq!(get("past", NOW).await, None, "{name}");
    }
}

#[tokio::test]
async fn attack_c2_a_record_is_taken_once_and_remembered_as_taken_for_ten_minutes() {
    for (name, store, _alive) in stores().await {
        let take = async |now| store.take(Kind::Code, "a", now).await.unwrap();
        assert_eq!(take(NOW).await, Taken::Unknown, "{name}");
        store.put(Kind::Code, "a", "v", later(60), NOW).await.unwrap();
        assert_eq!(take(later(60)).await, Taken::Unknown, "{name}: expired");
        assert_eq!(take(later(59)).await, Taken::Now("v".into()), "{name}");
        let end = later(59).plus(TOMBSTONE);
        assert_eq!(take(later(61)).await, Taken::Before("v".into()), "{name}");
        assert_eq!(take(end.minus(Span(1))).await, Taken::Before("v".into()), "{name}");
        assert_eq!(store.get(Kind::Code, "a", later(59)).await.unwrap(), None, "{name}: not read any more");
        assert_eq!(take(end).await, Taken::Unknown, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_c2_of_a_hundred_takers_at_once_one_has_it() {
    for (name, store, _alive) in stores().await {
        for round in 0..5 {
            let key = format!("k{round}");
            store.put(Kind::Code, &key, "v", later(60), NOW).await.unwrap();
            let mut tasks = Vec::new();
            for _ in 0..100 {
                let (store, key) = (Arc::clone(&store), key.clone());
                tasks.push(tokio::spawn(async move { store.take(Kind::Code, &key, NOW).await.unwrap() }));
            }
            let mut won = 0;
            for task in tasks {
                match task.await.unwrap() {
                    Taken::Now(_) => won += 1,
                    other => assert_eq!(other, Taken::Before("v".into()), "{name}"),
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
                    store.claim("c", Kind::Assertion, &key, later(60), NOW).await.unwrap()
                }));
            }
            let mut first = 0;
            for task in tasks {
                first += usize::from(task.await.unwrap());
            }
            assert_eq!(first, 1, "{name}");
        }
        let claim =
            async |kind, now: Timestamp| store.claim("c", kind, "x", now.plus(Span::seconds(60)), now).await.unwrap();
        assert!(claim(Kind::DpopProof, NOW).await, "{name}");
        assert!(!claim(Kind::DpopProof, later(59)).await, "{name}: the first one's expiry stands");
        assert!(claim(Kind::DpopProof, later(60)).await, "{name}");
        assert!(!claim(Kind::DpopProof, later(119)).await, "{name}");
        assert!(claim(Kind::Assertion, NOW).await, "{name}: c7, another kind");
    }
}

#[tokio::test]
async fn attack_c7_a_record_of_one_kind_is_none_of_another() {
    for (name, store, _alive) in stores().await {
        let records = [Kind::Code, Kind::Interaction, Kind::Logout, Kind::Par];
        for kind in records {
            store.put(kind, "a", kind.name(), later(60), NOW).await.unwrap();
        }
        for kind in records {
            assert_eq!(store.get(kind, "a", NOW).await.unwrap().as_deref(), Some(kind.name()), "{name}");
            assert_eq!(store.take(kind, "a", NOW).await.unwrap(), Taken::Now(kind.name().into()), "{name}");
        }
    }
}

#[tokio::test]
async fn attack_d10_what_is_too_large_is_refused() {
    for (name, store, _alive) in stores().await {
        let most = "é".repeat(Kind::Par.max_bytes() / 2);
        store.put(Kind::Par, "a", &most, later(60), NOW).await.unwrap();
        assert_eq!(store.get(Kind::Par, "a", NOW).await.unwrap(), Some(most.clone()), "{name}");
        let put = store.put(Kind::Par, "a", &format!("{most}x"), later(60), NOW).await;
        assert!(matches!(put, Err(Error::TooLarge(_))), "{name}");
        let claim = store.claim("c", Kind::Assertion, &"k".repeat(MAX_KEY + 1), later(60), NOW).await;
        assert!(matches!(claim, Err(Error::TooLarge(_))), "{name}");
    }
}

#[tokio::test]
async fn faults_a6_a7_an_owner_fills_its_own_place_and_nobody_else_s() {
    for (name, store, _alive) in stores().await {
        let big = "x".repeat(Kind::Par.max_bytes());
        let put = async |owner: &str, key: String, now| {
            store.put_for(owner, Kind::Par, &key, &big, Timestamp(now).plus(Span::seconds(60)), Timestamp(now)).await
        };
        let fill = async |owner: &str| {
            let mut kept = 0;
            while put(owner, format!("{owner}{kept}"), NOW.0).await.is_ok() {
                kept += 1;
            }
            kept
        };
        store.put_for("person", Kind::Par, "hers", "v", later(60), NOW).await.unwrap();
        let most = Kind::Par.quota().each / big.len();
        let first = fill("one").await;
        assert!((most * 9 / 10..=most).contains(&first), "{name}: {first}");
        assert!(matches!(put("one", "more".into(), NOW.0).await, Err(Error::Full(Kind::Par))), "{name}");
        assert!(fill("two").await > 0 && fill("three").await > 0, "{name}: their places are their own");
        // All is full; who has little is not refused for it, and nobody's record went.
        store.put_for("four", Kind::Par, "d", "v", later(60), NOW).await.unwrap();
        for key in ["hers", "d", "one0", "two0", "three0"] {
            assert!(store.get(Kind::Par, key, NOW).await.unwrap().is_some(), "{name}: {key}");
        }
        let after = later(75).0;
        put("one", "later".into(), after).await.unwrap();
        // The same of claims.
        let claim = async |owner: &str, n: usize| {
            store.claim(owner, Kind::Assertion, &digest(&format!("{owner}{n}")), later(60), NOW).await
        };
        let mut claimed = 0;
        while claim("one", claimed).await.is_ok_and(|first| first) {
            claimed += 1;
        }
        assert!(claimed > 20_000, "{name}: {claimed}");
        assert!(!claim("one", 0).await.unwrap(), "{name}: none is forgotten for it");
        assert!(claim("two", 0).await.unwrap(), "{name}");
    }
}

#[tokio::test]
async fn faults_a6_a_pushed_request_that_was_taken_keeps_no_value() {
    for (name, store, _alive) in stores().await {
        store.put(Kind::Par, "a", "v", later(60), NOW).await.unwrap();
        assert_eq!(store.take(Kind::Par, "a", NOW).await.unwrap(), Taken::Now("v".into()), "{name}");
        assert_eq!(store.take(Kind::Par, "a", NOW).await.unwrap(), Taken::Before(String::new()), "{name}");
        assert_eq!(store.get(Kind::Par, "a", NOW).await.unwrap(), None, "{name}");
    }
}

/// What a thief finds: names that are digests, values that do not open, no place where they open but their own.
#[tokio::test]
async fn who_reads_redis_learns_nothing_and_who_writes_there_makes_no_code_up() {
    let own = OwnRedis::start(&[]).await;
    let config = own.store();
    let store = open(&config);
    store.put(Kind::Interaction, "the-i", "a.durand12", later(60), NOW).await.unwrap();
    store.put(Kind::Code, "a-code", "{\"account_id\":\"1\"}", later(60), NOW).await.unwrap();
    let name = |kind: Kind, key: &str| format!("{}:v1:{}:{}", config.prefix, kind.name(), digest(key));
    let names = own.command(&["KEYS", "*"]);
    assert!(names.contains(&name(Kind::Code, "a-code")) && !names.contains("the-i"), "{names}");
    let text = own.command(&["GET", &name(Kind::Code, "a-code")]);
    assert!(!text.contains("account"), "{text}");
    let text = text.trim();
    // Moved under another key, under another kind, or with a later expiry: unknown.
    own.command(&["SET", &name(Kind::Code, "other"), text]);
    own.command(&["SET", &name(Kind::Par, "a-code"), text]);
    own.command(&["SET", &name(Kind::Code, "late"), &text.replace(&later(60).to_string(), &later(600).to_string())]);
    own.command(&["SET", &name(Kind::Code, "made-up"), &format!("{0} 0 {0} {{}}", later(60))]);
    own.command(&["SET", &name(Kind::Code, "noise"), "noise"]);
    for (kind, key) in [
        (Kind::Code, "other"),
        (Kind::Par, "a-code"),
        (Kind::Code, "late"),
        (Kind::Code, "made-up"),
        (Kind::Code, "noise"),
    ] {
        assert_eq!(store.get(kind, key, NOW).await.unwrap(), None, "{key}");
        assert_eq!(store.take(kind, key, NOW).await.unwrap(), Taken::Unknown, "{key}");
    }
    // Only its end put off: the sealed expiry counts.
    let (end, rest) = text.split_once(' ').unwrap();
    assert_eq!(end, later(60).to_string());
    own.command(&["SET", &name(Kind::Code, "a-code"), &format!("{} {rest}", later(600))]);
    assert_eq!(store.take(Kind::Code, "a-code", later(61)).await.unwrap(), Taken::Unknown);
    // Another house's key opens nothing.
    let other = Ephemeral::open(&config, &Vault::new([8; 32]).unwrap()).unwrap();
    assert_eq!(other.get(Kind::Interaction, "the-i", NOW).await.unwrap(), None);
    assert_eq!(store.get(Kind::Interaction, "the-i", NOW).await.unwrap().as_deref(), Some("a.durand12"));
    // Redis frees what it holds by itself, a little later than it expires.
    let left: i64 = own.command(&["PTTL", &name(Kind::Interaction, "the-i")]).trim().parse().unwrap();
    assert!((100_000..=120_000).contains(&left), "{left}");
}
