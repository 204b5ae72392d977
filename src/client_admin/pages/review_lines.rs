//! What the reading of a request says of it: its effects in words, and its difference.

use crate::client_admin::ops::review::RequestFile;
use crate::client_admin::requests::{DiffLine, diff};
use crate::client_admin::views::review::{ChangedAnswer, EffectLine};
use crate::clients::metadata::NAMED_FIELDS;
use crate::protocol::redirect;
use crate::protocol::scope::Scope;

/// Says what a request does.
pub(super) fn effects(file: &RequestFile) -> Vec<EffectLine> {
    let old = file.client.as_ref().map(|record| &record.client.meta);
    let new = &file.new;
    let effect = |word, value: &str| EffectLine { word, value: value.to_owned() };
    let mut out = Vec::new();
    if old.is_none() {
        out.push(effect("new", &new.client_name));
    } else if old.is_some_and(|old| old.client_name != new.client_name) {
        out.push(effect("name", &new.client_name));
    }
    let mut hosts: Vec<String> = new.redirect_uris.iter().filter_map(|uri| redirect::host(uri)).collect();
    hosts.dedup();
    let known = |host: &String| {
        let uris = old.map(|old| old.redirect_uris.as_slice()).unwrap_or_default();
        uris.iter().any(|uri| redirect::host(uri).as_ref() == Some(host))
    };
    out.extend(hosts.iter().filter(|host| !known(host)).map(|host| effect("host", host)));
    for scope in Scope::ALL {
        let more = new.scopes.contains(scope) && !old.is_some_and(|old| old.scopes.contains(scope));
        if more && scope != Scope::Openid {
            out.push(effect("scope", scope.name()));
        }
    }
    if old.is_some_and(|old| old.perimeter != new.perimeter) {
        out.push(effect("perimeter", ""));
    }
    if old.is_some_and(|old| old.auth_method != new.auth_method) {
        out.push(effect("proof", ""));
    }
    if out.is_empty() {
        out.push(effect("nothing", ""));
    }
    out
}

pub(super) fn changes(file: &RequestFile) -> Vec<ChangedAnswer> {
    let old = file.client.as_ref().map(|record| &record.client.meta);
    let line = |line: DiffLine| ChangedAnswer {
        is_known: NAMED_FIELDS.contains(&line.field.as_str()),
        field: line.field,
        removed: line.removed,
        kept: line.kept,
        added: line.added,
    };
    let lines = diff(old, &file.new).into_iter().map(line);
    // Of a new one, what nobody was asked and what is as always stays out.
    let says = |line: &ChangedAnswer| {
        let usual = matches!(line.added.as_slice(), [one] if one == "false" || one == "plain" || one == "web");
        line.is_known && line.field != "grant_types" && !usual
    };
    lines.filter(|line| old.is_some() || says(line)).collect()
}
