//! Rows of days: sign-ins by place, relying party and result.

use super::{ActivationSums, FigurePlace, FigureSubject, SignInDayRow};
use crate::base::clock::Span;
use crate::db::{BATCH_SIZE, FromRow, Result, Tx, UnitOfWork, Value, args, batch_args, batch_placeholders};
use crate::http::pages::dates;

/// The retention of the figures of a day.
const RETENTION: Span = Span::days(400);

/// A school of an account: of a parent by a current legal link, of a pupil by the enrolment.
#[derive(Clone, Debug, FromRow)]
pub struct AccountSchool {
    pub account_id: String,
    pub uai: String,
    pub academy: String,
    pub ministry: String,
}

/// Lists the schools of at most [`BATCH_SIZE`] accounts.
pub async fn list_schools_of_accounts(tx: &mut Tx, accounts: &[&str]) -> Result<Vec<AccountSchool>> {
    if accounts.is_empty() {
        return Ok(Vec::new());
    }
    let sql = concat!(
        "SELECT p.account_id, s.uai, s.academy, s.ministry FROM person p JOIN link l ON l.person_id = p.id \
         JOIN school s ON s.uai = l.uai WHERE l.level = $1 AND l.ended_at IS NULL AND p.account_id IN (",
        batch_placeholders!(),
        ") UNION SELECT u.account_id, s.uai, s.academy, s.ministry FROM pupil u \
         JOIN enrolment e ON e.pupil_id = u.id JOIN school s ON s.uai = e.uai \
         WHERE e.ended_at IS NULL AND u.account_id IN (",
        batch_placeholders!(),
        ") ORDER BY 1, 2"
    );
    let accounts = accounts.iter().copied().take(BATCH_SIZE);
    tx.fetch_all(sql, batch_args(Value::from("legal"), accounts)).await
}

/// A row to which sign-ins are added.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SignInDayKey {
    pub place: FigurePlace,
    /// Empty for all relying parties together.
    pub client_id: String,
    pub day: String,
    pub result: &'static str,
}

/// Adds to a row.
pub async fn add(tx: &mut Tx, key: &SignInDayKey, n: i64) -> Result<()> {
    let (kind, place) = key.place.columns();
    let sql = "INSERT INTO sign_in_day (place_kind, place, client_id, day, result, n) VALUES ($1, $2, $3, $4, $5, $6) \
               ON CONFLICT (place_kind, place, client_id, day, result) \
               DO UPDATE SET n = sign_in_day.n + excluded.n";
    tx.execute(sql, args![kind, place, &key.client_id, &key.day, key.result, n]).await?;
    Ok(())
}

/// Lists the days of a subject, the first and the last included.
pub async fn list_days(tx: &mut Tx, of: &FigureSubject, (from, to): (&str, &str)) -> Result<Vec<SignInDayRow>> {
    let (kind, place) = of.place.columns();
    let sql = "SELECT day, result, n FROM sign_in_day WHERE place_kind = $1 AND place = $2 AND client_id = $3 \
               AND day >= $4 AND day <= $5 ORDER BY day, result";
    tx.fetch_all(sql, args![kind, place, &of.client_id, from, to]).await
}

/// A part of the figures of a place: a relying party, or a place below it.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct FigurePart {
    /// The id.
    pub part: String,
    pub signed_in: i64,
    pub refused: i64,
}

/// Lists the relying parties of a place by their sign-ins, the most first.
pub async fn list_clients(
    tx: &mut Tx,
    place: &FigurePlace,
    (from, to): (&str, &str),
    most: i64,
) -> Result<Vec<FigurePart>> {
    let (kind, place) = place.columns();
    let sql = "SELECT client_id AS part, \
               CAST(SUM(CASE WHEN result = 'signed_in' THEN n ELSE 0 END) AS BIGINT) AS signed_in, \
               CAST(SUM(CASE WHEN result = 'signed_in' THEN 0 ELSE n END) AS BIGINT) AS refused \
               FROM sign_in_day WHERE place_kind = $1 AND place = $2 AND client_id <> '' \
               AND day >= $3 AND day <= $4 GROUP BY client_id ORDER BY SUM(n) DESC, client_id LIMIT $5";
    tx.fetch_all(sql, args![kind, place, from, to, most]).await
}

/// Lists the academies by their sign-ins, the most first.
pub async fn list_academies(tx: &mut Tx, (from, to): (&str, &str), most: i64) -> Result<Vec<FigurePart>> {
    let sql = "SELECT place AS part, \
               CAST(SUM(CASE WHEN result = 'signed_in' THEN n ELSE 0 END) AS BIGINT) AS signed_in, \
               CAST(SUM(CASE WHEN result = 'signed_in' THEN 0 ELSE n END) AS BIGINT) AS refused \
               FROM sign_in_day WHERE place_kind = 'academy' AND client_id = '' AND day >= $1 AND day <= $2 \
               GROUP BY place ORDER BY SUM(n) DESC, place LIMIT $3";
    tx.fetch_all(sql, args![from, to, most]).await
}

/// Sums the figures of the schools of a place. A parent with children in two schools counts in each.
pub async fn sum_activation(tx: &mut Tx, place: &FigurePlace) -> Result<ActivationSums> {
    let (kind, place) = place.columns();
    let sql = "SELECT CAST(COALESCE(SUM(f.parents), 0) AS BIGINT) AS parents, \
               CAST(COALESCE(SUM(f.with_account), 0) AS BIGINT) AS with_account, \
               CAST(COALESCE(SUM(f.unreachable), 0) AS BIGINT) AS unreachable, \
               CAST(COALESCE(SUM(f.pupils), 0) AS BIGINT) AS pupils, \
               CAST(COALESCE(SUM(f.pupils_covered), 0) AS BIGINT) AS pupils_covered \
               FROM school_figure f JOIN school s ON s.uai = f.uai WHERE $1 = 'all' \
               OR ($1 = 'ministry' AND s.ministry = $2) OR ($1 = 'academy' AND s.academy = $2) \
               OR ($1 = 'school' AND s.uai = $2)";
    tx.fetch_one(sql, args![kind, place]).await
}

/// Deletes the figures of the oldest day whose term has come.
pub async fn delete_expired(tx: &mut UnitOfWork<'_>) -> Result<u64> {
    let before = dates::date_key(tx.now.minus(RETENTION));
    let sql = "DELETE FROM sign_in_day WHERE day = (SELECT MIN(day) FROM sign_in_day) AND day < $1";
    tx.execute(sql, args![before]).await
}
