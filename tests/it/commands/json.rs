//! What programs read of commands: an object a line, with the members that the Admin API has.

use serde_json::Value;

use super::TestInstallation;
use preau::admin_api::shapes::Shape;
use preau::admin_api::{ApiMethod, EndpointDoc};
use preau::console::api::endpoints;

impl TestInstallation {
    /// Runs a command with `--json`; returns its lines.
    async fn lines(&self, words: &str) -> Vec<Value> {
        let (_, text) = self.run(&format!("{words} --json")).await;
        text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{words}: {e}: {line}"))).collect()
    }
}

fn doc(id: &str) -> EndpointDoc {
    endpoints().into_iter().map(|endpoint| endpoint.doc).find(|doc| doc.id == id).unwrap()
}

/// The names of an object's members, in their order.
fn members(value: &Value) -> Vec<String> {
    let mut names: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
    names.sort();
    names
}

/// The names that a shape says, of an item if it is a list.
fn names_of(shape: &Shape) -> Vec<String> {
    let schema = shape.schema();
    let of_item = &schema["properties"]["items"]["items"]["properties"];
    members(if of_item.is_object() { of_item } else { &schema["properties"] })
}

#[tokio::test]
async fn a_command_and_the_admin_api_have_the_same_members_of_the_same_thing() {
    let house = TestInstallation::new();
    assert!(house.run("migrate").await.0);
    assert!(house.run("admin invite --role national --email n@example.org").await.0);
    assert!(house.run("campaign open --uai 0349999J").await.0);
    for (words, id) in [
        ("client list", "list_clients"),
        ("client show bourses", "get_client"),
        ("admin list", "list_administrators"),
        ("campaign show --uai 0349999J", "get_school"),
    ] {
        let lines = house.lines(words).await;
        assert!(!lines.is_empty(), "{words}");
        assert!(doc(id).method == ApiMethod::Get);
        for line in lines {
            assert_eq!(members(&line), names_of(&doc(id).answer), "{words}");
        }
    }
    let school = house.lines("campaign show --uai 0349999J").await.remove(0);
    assert_eq!(school["campaign"]["state"], "open");
    assert!(school["campaign"]["closes_at"].as_str().unwrap().ends_with('Z'), "{school}");
    let checks = house.lines("client check bourses").await;
    let result = doc("check_client").answer.schema()["properties"]["results"]["items"]["properties"].clone();
    assert!(!checks.is_empty() && checks.iter().all(|check| members(check) == members(&result)), "{checks:?}");
}

#[tokio::test]
async fn every_command_that_a_program_reads_writes_objects_alone() {
    let house = TestInstallation::new();
    assert!(house.run("migrate").await.0);
    let keys = house.lines("keys list").await;
    assert_eq!((keys.len(), &keys[0]["state"], &keys[0]["next_step"]), (3, &"active".into(), &"publish_next".into()));
    let status = house.lines("status").await;
    let in_both = status[0]["keys"].as_array().unwrap().iter().all(|key| keys.contains(key));
    assert!(status.len() == 1 && in_both, "{status:?}");
    assert_eq!((&status[0]["server"]["serves"], &status[0]["messages"]["waiting"]), (&false.into(), &0.into()));
    let sms = house.lines("sms status").await;
    assert_eq!((sms.len(), &sms[0]["leaves"], &sms[0]["outages"]), (1, &true.into(), &Value::Array(Vec::new())));
    assert_eq!(house.lines("sms resume").await[0]["outages"], 0);
    let verified = house.lines("audit verify").await;
    assert_eq!((verified.len(), &verified[0]["sound"]), (1, &true.into()));
    assert!(house.lines("audit export").await.len() > 2);
    for words in ["import history", "letters batches", "campaign notices --uai 0349999J", "account show --code K7P-4MX"]
    {
        assert_eq!(house.lines(words).await, Vec::<Value>::new(), "{words}");
    }
    let (done, text) = house.run("import --format siecle --academy montpellier --json nowhere.xml").await;
    let line: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert!(!done && line["kind"] == "refused", "{text}");
}
