//! Each page of the console for each role, inside its territory and outside: whoever may is answered, and whoever may not
//! is answered byte for byte like somebody who asks for what is not there, and nothing is done.
//!
//! The table of doors is complete: the router is asked for its routes, and the table of roles for its acts.

mod doors;
mod house;
mod people;
mod programs;

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use axum::http::StatusCode;
use preau::administrators::roles::AdminAct;
use preau::db::Value;
use preau::router::public;
use strum::IntoEnumIterator as _;
use url::form_urlencoded;

use crate::console_rosters::multipart;
use crate::support::masked::masked;
use crate::support::{TestAdministrator, TestServer};
use doors::{Door, IT, MarkText, Way, every_door};
use house::{House, NOBODY, Things};
use people::{AUTHOR, Somebody};

/// Calls a door for a thing, by its id.
async fn call(met: &mut TestAdministrator, door: &Door, id: &str) {
    let path = match door.route.split_once('{') {
        Some((head, rest)) => {
            let tail = rest.split_once('}').map_or("", |(_, tail)| tail);
            format!("{head}{}{tail}", if id.is_empty() { NOBODY } else { id })
        }
        None => door.route.to_owned(),
    };
    let put = |text: &str| text.replace(IT, id);
    let fields: Vec<(String, String)> = door.fields.iter().map(|(name, value)| (put(name), put(value))).collect();
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    match door.way {
        Way::Get if fields.is_empty() => _ = met.browser.get(&path).await,
        Way::Get => {
            let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
            met.browser.get(&format!("{path}?{query}")).await;
        }
        Way::Post => _ = met.browser.post(&path, &fields).await,
        Way::PostFiles => {
            let body = Body::from(multipart(&fields, &[]));
            met.browser.post_body(&path, "multipart/form-data; boundary=XyZ", body).await;
        }
    }
}

/// Counts what was done; who was refused is noted beside it.
async fn count_acts(server: &TestServer) -> i64 {
    server.query_count("SELECT COUNT(*) FROM audit WHERE fact <> 'administrator_refused'").await
}

/// Returns what is wrong with the answers of a door to somebody.
async fn try_door(
    (server, things): (&TestServer, &Things),
    (who, met): (&Somebody, &mut TestAdministrator),
    door: &Door,
) -> Vec<String> {
    let id = things.id(door.thing);
    if let Some(sql) = door.reset {
        server.execute_sql(sql, vec![Value::from(id)]).await;
    }
    let before = count_acts(server).await;
    call(met, door, id).await;
    let (status, text) = (met.browser.page.status, met.browser.page.text());
    let may = who.may(&door.needs);
    let mut wrong = Vec::new();
    if may && !door.answers.contains(&status.as_u16()) {
        wrong.push(format!("{status} instead of {:?}: {}", door.answers, met.browser.page.visible_text()));
    }
    if !may && status != StatusCode::NOT_FOUND {
        wrong.push(format!("{status} {:?} to whoever may not", met.browser.page.headers.get("location")));
    }
    for mark in &door.marks {
        let words = match mark.of {
            MarkText::Words(words) => words,
            MarkText::Id(thing) => things.id(thing),
        };
        let shows = status == StatusCode::OK && who.may(&mark.needs);
        if status == StatusCode::OK && text.contains(words) != shows {
            wrong.push(format!("{words} is {}", if shows { "not shown" } else { "shown" }));
        }
    }
    if may {
        return wrong;
    }
    let outside = masked(&met.browser.page);
    if let Some(absent) = door.thing.absent() {
        call(met, door, absent).await;
        let mut nothing = masked(&met.browser.page);
        // The address stands in the page's link to the other language.
        if door.route.contains('{') {
            nothing = nothing.replace(absent, id);
        }
        if nothing != outside {
            wrong.push("outside is answered otherwise than what is not there".to_owned());
        }
    }
    if count_acts(server).await != before {
        wrong.push("something was done".to_owned());
    }
    wrong
}

#[tokio::test]
async fn threat_s15_attack_p1_each_page_is_for_the_roles_of_its_territory_and_like_nothing_to_others() {
    let House { server, things, mut people, former_drafts } = Box::pin(House::build()).await;
    let doors = every_door();
    let mut wrong = Vec::new();
    for (who, met) in &mut people {
        for door in &doors {
            let found = Box::pin(try_door((&server, &things), (who, met), door)).await;
            let (name, route, method) = (who.name, door.route, door.way.method());
            wrong.extend(found.into_iter().map(|what| format!("{name}: {method} {route} {:?}: {what}", door.fields)));
        }
    }
    assert!(wrong.is_empty(), "{} of {} answers:\n{}", wrong.len(), doors.len() * people.len(), wrong.join("\n"));
    assert!(doors.iter().any(|door| people.iter().any(|(who, _)| who.name == AUTHOR && who.may(&door.needs))));
    // A draft is its author's, as long as the role holds by which it was written.
    for (who, met) in &mut people {
        met.sign_in().await;
        for path in &former_drafts {
            met.browser.get(path).await;
            assert_eq!(met.browser.page.status, StatusCode::NOT_FOUND, "{}: {path}", who.name);
        }
    }
}

/// Reads the routes of the console out of what a router tells of itself, each with its methods.
fn console_routes(told: &str) -> BTreeSet<(String, String)> {
    let (told, _) = told.split_once("fallback_router").unwrap();
    let (mut paths, mut methods) = (BTreeMap::new(), BTreeMap::new());
    for part in told.split("RouteId(").skip(1) {
        let (id, rest) = part.split_once("): ").unwrap();
        match rest.strip_prefix('"') {
            Some(path) => _ = paths.insert(id, path.split('"').next().unwrap()),
            None => {
                let allowed = rest.split_once("allow_header: Bytes(").and_then(|(_, after)| after.split('"').nth(1));
                methods.insert(id, allowed.unwrap());
            }
        }
    }
    let mut routes = BTreeSet::new();
    for (id, path) in paths.into_iter().filter(|(_, path)| *path == "/admin" || path.starts_with("/admin/")) {
        let of_route = methods[id].split(',').map(str::trim).filter(|method| *method != "HEAD");
        routes.extend(of_route.map(|method| (method.to_owned(), path.to_owned())));
    }
    routes
}

#[tokio::test]
async fn attack_p1_every_route_of_the_console_and_every_act_of_a_role_is_among_the_doors() {
    let server = TestServer::start().await;
    let doors = every_door();
    let table: BTreeSet<_> = doors.iter().map(Door::place).collect();
    let routes = console_routes(&format!("{:?}", public(server.app).unwrap()));
    assert!(routes.len() > 60, "the routes were not found: {routes:?}");
    assert_eq!(routes.difference(&table).collect::<Vec<_>>(), Vec::<&(String, String)>::new(), "routes without a door");
    assert_eq!(table.difference(&routes).collect::<Vec<_>>(), Vec::<&(String, String)>::new(), "doors without a route");
    let marks = doors.iter().flat_map(|door| &door.marks).flat_map(|mark| mark.needs.acts());
    let asked: Vec<AdminAct> = doors.iter().flat_map(|door| door.needs.acts()).chain(marks).collect();
    let without: Vec<AdminAct> = AdminAct::iter().filter(|act| !asked.contains(act)).collect();
    assert_eq!(without, [], "acts that no page asks for");
    let kept_out = doors.iter().filter(|door| door.needs.keeps_somebody_out()).count();
    assert!(kept_out * 2 > doors.len(), "most doors keep somebody out: {kept_out} of {}", doors.len());
}
