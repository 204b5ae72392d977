//! Who wrote rows after a set that is undone: the sets of other schools, in the same academy.

use crate::base::uai::Uai;
use crate::db::{BATCH_SIZE, FromRow, Result, Tx, Value, args, batch_args, batch_placeholders};

/// The set that is undone.
#[derive(Clone, Copy, Debug)]
pub struct UndoneSet<'a> {
    pub academy: &'a str,
    pub uai: &'a Uai,
    pub run_id: &'a str,
    pub revision: i64,
    pub imported_at: i64,
    /// True if other sets of its run stay.
    pub is_alone: bool,
}

/// A row that a later set of another school names too.
#[derive(Clone, Debug, FromRow)]
pub struct LaterUse {
    pub row_id: String,
    pub uai: Uai,
    pub format: String,
    /// The times of the school's last exports: of the format that leads, and of this one if it does not.
    pub leading_at: i64,
    pub beside_at: i64,
}

/// True if a set of another school of the academy was written after this one, and stands.
pub async fn has_later_set(tx: &mut Tx, set: UndoneSet<'_>) -> Result<bool> {
    let sql = "SELECT s.uai FROM import_run_set s JOIN import_run r ON r.id = s.run_id \
               WHERE r.academy = $1 AND r.undone_at IS NULL AND s.uai <> $2 \
               AND ((s.run_id <> $3 AND s.at >= $4) OR ($5 AND s.run_id = $3 AND s.place > (SELECT o.place \
               FROM import_run_set o WHERE o.run_id = $3 AND o.uai = $2 AND o.revision = $6))) LIMIT 1";
    let args = args![set.academy, set.uai, set.run_id, set.imported_at, set.is_alone, set.revision];
    Ok(tx.fetch_optional::<(Uai,)>(sql, args).await?.is_some())
}

/// Lists which of the rows, persons or pupils, other schools have now whose sets were written after this one.
pub async fn list_later_uses(tx: &mut Tx, set: UndoneSet<'_>, ids: &[&str]) -> Result<Vec<LaterUse>> {
    let mut uses = Vec::new();
    for ids in ids.chunks(BATCH_SIZE) {
        for sql in [
            concat!(
                "SELECT DISTINCT l.person_id AS row_id, l.uai, r.format, \
                 rs.responsables_exported_at AS leading_at, COALESCE(re.persons_exported_at, 0) AS beside_at \
                 FROM link l JOIN import_run_set s ON s.uai = l.uai JOIN import_run r ON r.id = s.run_id \
                 JOIN roster_set rs ON rs.uai = l.uai \
                 LEFT JOIN roster_export re ON re.uai = l.uai AND re.format = r.format \
                 WHERE l.uai <> $1 AND l.ended_at IS NULL AND l.person_id IN (",
                batch_placeholders!(),
                ") AND r.academy = $52 AND r.undone_at IS NULL AND ((s.run_id <> $53 AND s.at >= $54) \
                 OR ($55 AND s.run_id = $53 AND s.place > (SELECT o.place FROM import_run_set o \
                 WHERE o.run_id = $53 AND o.uai = $1 AND o.revision = $56))) ORDER BY row_id, l.uai, r.format"
            ),
            concat!(
                "SELECT DISTINCT e.pupil_id AS row_id, e.uai, r.format, \
                 rs.eleves_exported_at AS leading_at, COALESCE(re.pupils_exported_at, 0) AS beside_at \
                 FROM enrolment e JOIN import_run_set s ON s.uai = e.uai JOIN import_run r ON r.id = s.run_id \
                 JOIN roster_set rs ON rs.uai = e.uai \
                 LEFT JOIN roster_export re ON re.uai = e.uai AND re.format = r.format \
                 WHERE e.uai <> $1 AND e.ended_at IS NULL AND e.pupil_id IN (",
                batch_placeholders!(),
                ") AND r.academy = $52 AND r.undone_at IS NULL AND ((s.run_id <> $53 AND s.at >= $54) \
                 OR ($55 AND s.run_id = $53 AND s.place > (SELECT o.place FROM import_run_set o \
                 WHERE o.run_id = $53 AND o.uai = $1 AND o.revision = $56))) ORDER BY row_id, e.uai, r.format"
            ),
        ] {
            let mut args = batch_args(Value::from(set.uai.as_str()), ids.iter().copied());
            args.extend(args![set.academy, set.run_id, set.imported_at, set.is_alone, set.revision]);
            uses.extend(tx.fetch_all::<LaterUse>(sql, args).await?);
        }
    }
    Ok(uses)
}
