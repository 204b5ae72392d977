//! Each operation of the Admin API for a token of each role, inside its territory and outside, whole and narrowed: whoever
//! may is answered; whoever lacks the scope is told so; everybody else is answered byte for byte like a program that
//! asks for what is not there, and nothing is done.
//!
//! The table of doors is complete: the table of endpoints is asked for its operations.

mod doors;

use std::collections::BTreeSet;

use axum::http::StatusCode;
use preau::admin_api::VersionUse;
use preau::admin_api::extract::ApiEndpoint;
use preau::administrators::api_tokens::ApiScope;
use preau::console::api::endpoints;
use strum::IntoEnumIterator as _;

use super::count_acts;
use super::doors::{IT, MarkText};
use super::house::{House, NOBODY, Thing, Things};
use super::people::{AUTHOR, Somebody};
use crate::admin_api_tokens::{Call, make_token};
use crate::console_clients::end_roles;
use crate::support::masked::masked;
use crate::support::{TestAdministrator, TestResponse, TestServer};
use doors::{ProgramDoor, every_program_door};

/// A part of somebody's territory, for a token: as it is typed into the form, and as roles name it.
struct NarrowedTerritory {
    of: &'static str,
    territory: &'static str,
    typed: [(&'static str, &'static str); 2],
}

const fn narrowed(
    of: &'static str,
    territory: &'static str,
    place: &'static str,
    class: &'static str,
) -> NarrowedTerritory {
    NarrowedTerritory { of, territory, typed: [("territoire", place), ("classe", class)] }
}

const NARROWED: [NarrowedTerritory; 4] = [
    narrowed("nation", "academy:toulouse", "toulouse", ""),
    narrowed("nation", "class:0349999J/6 A", "0349999J", "6 A"),
    narrowed("colleague", "school:0349998H", "0349998H", ""),
    narrowed("head", "class:0349999J/4 C", "0349999J", "4 C"),
];
/// Those whose roles end: few, because one source may show few wrong tokens.
const ENDED: [&str; 5] = [AUTHOR, "head", "delegate-6a", "contact", "auditor"];

/// A token with whose role it is, on the territory that it has.
struct Program {
    who: Somebody,
    scopes: Vec<ApiScope>,
    token: String,
}

impl Program {
    async fn make(who: Somebody, met: &mut TestAdministrator, part: &[(&str, &str)]) -> Self {
        let is_within = |scope: &ApiScope| scope.acts().iter().any(|act| who.permits(*act));
        // A class has no figures.
        let is_told = |scope: &ApiScope| *scope != ApiScope::FiguresRead || !who.territory.starts_with("class:");
        let scopes: Vec<ApiScope> = ApiScope::iter().filter(is_within).filter(is_told).collect();
        let names: Vec<&str> = scopes.iter().map(|scope| scope.name()).collect();
        let token = Box::pin(make_token(met, &names, part)).await;
        Program { who, scopes, token }
    }

    /// True if it may do what a door asks for, its scope aside.
    fn may(&self, door: &ProgramDoor) -> bool {
        self.who.may(&door.needs)
    }
}

/// Makes a token of everybody, with every scope of the role, and those that have a part of a territory.
async fn make_programs(people: &mut [(Somebody, TestAdministrator)]) -> Vec<Program> {
    let mut programs = Vec::new();
    for (who, met) in people {
        programs.push(Program::make(*who, met, &[]).await);
        for part in NARROWED.iter().filter(|part| part.of == who.name) {
            programs.push(Program::make(Somebody { territory: part.territory, ..*who }, met, &part.typed).await);
        }
    }
    programs
}

/// Calls a door with a token for a thing, by its id.
async fn call(
    server: &TestServer,
    token: &str,
    (door, endpoint): (&ProgramDoor, &ApiEndpoint),
    id: &str,
) -> TestResponse {
    let doc = &endpoint.doc;
    let id = if id.is_empty() { NOBODY } else { id };
    let path: Vec<&str> = doc.path.split('/').map(|part| if part.starts_with('{') { id } else { part }).collect();
    let query = door.query.replace(IT, id);
    let path = format!("{}{}{query}", path.join("/"), if query.is_empty() { "" } else { "?" });
    let body = door.body.map(|body| body.replace(IT, id));
    let mut headers = Vec::new();
    if matches!(doc.version, VersionUse::Compared | VersionUse::Required) {
        headers.push(("if-match", "\"99\""));
    }
    if doc.takes_files {
        headers.push(("content-type", "multipart/form-data; boundary=XyZ"));
    }
    server.api(token, (doc.method.name(), &path), Call { headers: &headers, body: body.as_deref() }).await
}

/// Returns what is wrong with the answers of a door to a program.
async fn try_door(
    (server, things): (&TestServer, &Things),
    program: &Program,
    (door, endpoint): (&ProgramDoor, &ApiEndpoint),
) -> Vec<String> {
    let id = things.id(door.thing);
    let before = count_acts(server).await;
    let answer = call(server, &program.token, (door, endpoint), id).await;
    let (status, text) = (answer.status, answer.text());
    let has_scope = endpoint.doc.scope.is_none_or(|scope| program.scopes.contains(&scope));
    let may = has_scope && program.may(door);
    let mut wrong = Vec::new();
    match (has_scope, may) {
        (_, true) if !door.answers.contains(&status.as_u16()) => {
            wrong.push(format!("{status} instead of {:?}: {text}", door.answers));
        }
        (false, _) if answer.problem() != "insufficient_scope" => wrong.push(format!("{status} without its scope")),
        (true, false) if status != StatusCode::NOT_FOUND => wrong.push(format!("{status} to whoever may not: {text}")),
        _ => {}
    }
    for mark in &door.marks {
        let words = match mark.of {
            MarkText::Words(words) => words,
            MarkText::Id(thing) => things.id(thing),
        };
        let shows = may && program.who.may(&mark.needs);
        if text.contains(words) != shows {
            wrong.push(format!("{words} is {}", if shows { "not shown" } else { "shown" }));
        }
    }
    if may {
        return wrong;
    }
    if let Some(absent) = door.thing.absent() {
        let nothing = call(server, &program.token, (door, endpoint), absent).await;
        if masked(&nothing) != masked(&answer) {
            wrong.push("outside is answered otherwise than what is not there".to_owned());
        }
    }
    if count_acts(server).await != before {
        wrong.push("something was done".to_owned());
    }
    wrong
}

#[tokio::test]
async fn threat_s15_attack_p1_each_operation_is_for_the_scopes_of_its_territory_and_like_nothing_to_others() {
    let House { server, things, mut people, .. } = Box::pin(House::build()).await;
    let programs = Box::pin(make_programs(&mut people)).await;
    let (doors, table) = (every_program_door(), endpoints());
    let endpoint = |door: &ProgramDoor| table.iter().find(|one| one.doc.id == door.id).unwrap();
    let mut wrong = Vec::new();
    for program in &programs {
        for door in &doors {
            let found = Box::pin(try_door((&server, &things), program, (door, endpoint(door)))).await;
            let (who, id, thing) = (program.who, door.id, door.thing);
            let whose = format!("{} at {}: {id} {thing:?} {:?}", who.name, who.territory, door.body);
            wrong.extend(found.into_iter().map(|what| format!("{whose}: {what}")));
        }
    }
    assert!(wrong.is_empty(), "{} of {} answers:\n{}", wrong.len(), doors.len() * programs.len(), wrong.join("\n"));
    for (who, _) in people.iter().filter(|(who, _)| ENDED.contains(&who.name)) {
        end_roles(&server, &who.email()).await;
    }
    let before = count_acts(&server).await;
    for program in programs.iter().filter(|program| ENDED.contains(&program.who.name)) {
        for door in &doors {
            let answer = call(&server, &program.token, (door, endpoint(door)), things.id(door.thing)).await;
            assert_eq!(answer.problem(), "invalid_token", "{}: {}", program.who.name, door.id);
        }
    }
    assert_eq!(count_acts(&server).await, before);
}

#[test]
fn attack_p1_every_operation_is_among_the_doors_and_each_keeps_some_token_out() {
    let doors = every_program_door();
    let table: BTreeSet<&str> = doors.iter().map(|door| door.id).collect();
    let known: BTreeSet<&str> = endpoints().iter().map(|endpoint| endpoint.doc.id).collect();
    assert_eq!(table, known);
    for endpoint in endpoints().iter().filter(|endpoint| endpoint.doc.path.contains('{')) {
        let named: Vec<&ProgramDoor> = doors.iter().filter(|door| door.id == endpoint.doc.id).collect();
        assert!(named.iter().all(|door| door.thing != Thing::Nothing), "{}", endpoint.doc.id);
    }
    assert!(doors.iter().filter(|door| door.id != "get_token").all(|door| door.needs.keeps_somebody_out()));
}
