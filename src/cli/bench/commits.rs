//! Measures commits of one small row, one after the other: SQLite has one writer.

use super::measure::{BenchRates, measure_rate};
use crate::app::{AppState, Operation};
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::db::Durability;

pub async fn measure(app: &AppState, seconds: u64) -> anyhow::Result<BenchRates> {
    Ok(BenchRates {
        measured_name: "commits that survive a power cut",
        measured_rate: commit_rate(app, seconds, Durability::Durable).await?,
        limit_name: "those that need not",
        limit_rate: commit_rate(app, seconds, Durability::Relaxed).await?,
        cpu_share: None,
    })
}

async fn commit_rate(app: &AppState, seconds: u64, durability: Durability) -> anyhow::Result<f64> {
    let app = app.clone();
    let work = move |_| {
        let app = app.clone();
        async move {
            let op = Operation::of_job(&app, "bench");
            let mut tx = op.write(durability).await?;
            let about = AuditDetails { detail: "bench", ..AuditDetails::default() };
            audit::store::record(&mut tx, AuditEvent::ClientChanged, about).await?;
            Ok(tx.commit().await?)
        }
    };
    measure_rate(1, seconds as f64, work).await
}
