//! A scope as the condition of a query.

use crate::administrators::scope::AdminScope;
use crate::db::Value;

/// The condition that a row of `school s` and of `enrolment e` lies inside the scope, whose arguments are `$1` to `$5`.
macro_rules! in_scope {
    () => {
        "($1 OR REPLACE($2, '\u{1f}' || s.ministry || '\u{1f}', '') <> $2 \
         OR REPLACE($3, '\u{1f}' || s.academy || '\u{1f}', '') <> $3 \
         OR REPLACE($4, '\u{1f}' || s.uai || '\u{1f}', '') <> $4 \
         OR REPLACE($5, '\u{1f}' || s.uai || '/' || e.class || '\u{1f}', '') <> $5)"
    };
}
pub(crate) use in_scope;

/// The same of a row of `school s` and of `link l`: the class is looked up for a scope of classes alone, because
/// thousands of links may be asked.
macro_rules! link_in_scope {
    () => {
        "($1 OR REPLACE($2, '\u{1f}' || s.ministry || '\u{1f}', '') <> $2 \
         OR REPLACE($3, '\u{1f}' || s.academy || '\u{1f}', '') <> $3 \
         OR REPLACE($4, '\u{1f}' || s.uai || '\u{1f}', '') <> $4 \
         OR ($5 <> '\u{1f}' AND (SELECT REPLACE($5, '\u{1f}' || s.uai || '/' || e.class || '\u{1f}', '') <> $5 \
         FROM enrolment e WHERE e.pupil_id = l.pupil_id AND e.uai = l.uai AND e.ended_at IS NULL)))"
    };
}
pub(crate) use link_in_scope;

/// Returns the arguments `$1` to `$5` of `in_scope`.
pub fn scope_args(scope: &AdminScope) -> Vec<Value> {
    let of = scope.arguments();
    vec![
        Value::from(of.everything),
        Value::from(of.ministries),
        Value::from(of.academies),
        Value::from(of.schools),
        Value::from(of.classes),
    ]
}
