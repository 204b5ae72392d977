//! Commits of one small row, one after the other: SQLite has one writer.

use super::measure::{Rates, rate};
use crate::app::AppState;
use crate::audit::{self, About, Fact};
use crate::db::Durability;

pub async fn measure(app: &AppState, seconds: u64) -> anyhow::Result<Rates> {
    Ok(Rates {
        what: "commits that survive a power cut",
        whole: commits(app, seconds, Durability::Durable).await?,
        limit: "those that need not",
        alone: commits(app, seconds, Durability::Relaxed).await?,
        by_processor: None,
    })
}

async fn commits(app: &AppState, seconds: u64, durability: Durability) -> anyhow::Result<f64> {
    let app = app.clone();
    let work = move |_| {
        let app = app.clone();
        async move {
            let mut tx = app.db.write(durability).await?;
            let about = About { detail: "bench", ..About::default() };
            audit::store::record(&mut tx, app.rng.as_ref(), app.now(), Fact::ClientChanged, about).await?;
            Ok(tx.commit().await?)
        }
    };
    rate(1, seconds as f64, work).await
}
