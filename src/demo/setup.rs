//! Completes the demo's database at a start: rosters and campaigns.

use std::path::PathBuf;

use super::administrators::HEAD_SCHOOL_UAI;
use super::console::CAMPAIGN_AGE_DAYS;
use super::folder::DemoFolder;
use super::rosters::{self, SCHOOLS};
use crate::app::{App, Operation};
use crate::base::clock::{Span, Timestamp};
use crate::base::uai::Uai;
use crate::config::deployment::DeploymentFiles;
use crate::db::Durability;
use crate::roster::formats::RosterFormat;
use crate::roster::ops::{ImportContext, ImportRequest, import_files};
use crate::roster::reconcile::RemovalPolicy;
use crate::roster::store::import::find_set;
use crate::tenants::ops::{CampaignChange, change_campaign};
use crate::tenants::{self, Campaign, CampaignStatus, campaign_status};

/// The school with a closed campaign, to show the page for closed campaigns.
pub const CLOSED_SCHOOL_UAI: &str = "0349997G";
/// The duration of the other campaigns in days, from each start.
const CAMPAIGN_DAYS: i64 = 15;

/// The origin of the sample sites in the deployment's files.
const DECLARED_ORIGIN: &str = "http://localhost:8090";

/// Replaces the origin of the relying parties' URIs, for a test's free port.
pub fn relocate_clients(declared: &mut DeploymentFiles, base: &str) {
    let relocate = |uri: &mut String| {
        if let Some(rest) = uri.strip_prefix(DECLARED_ORIGIN) {
            *uri = format!("{base}{rest}");
        }
    };
    declared.upstreams.relocate(DECLARED_ORIGIN, base);
    for (client, _) in &mut declared.clients {
        client.fields.redirect_uris.iter_mut().flatten().for_each(relocate);
        client.fields.post_logout_redirect_uris.iter_mut().flatten().for_each(relocate);
        client.fields.client_uri.iter_mut().for_each(relocate);
        client.fields.initiate_login_uri.iter_mut().for_each(relocate);
        client.fields.backchannel_logout_uri.iter_mut().for_each(relocate);
        client.fields.frontchannel_logout_uri.iter_mut().for_each(relocate);
    }
}

/// Writes and imports the rosters of schools without one.
pub async fn import_missing_rosters(app: &App, folder: &DemoFolder, now: Timestamp) -> anyhow::Result<()> {
    let mut tx = app.db.read().await?;
    let mut missing = Vec::new();
    for school in &SCHOOLS {
        if find_set(&mut tx, &Uai::parse(school.uai)?).await?.is_none() {
            missing.push(school);
        }
    }
    drop(tx);
    if missing.is_empty() {
        return Ok(());
    }
    let files = rosters::write_roster_files(&folder.rosters(), now)?;
    let op = Operation::of_job(app, "demo");
    let ctx = ImportContext::new(op.storage(), &app.phone_parser);
    for school in missing {
        let of_school = |path: &PathBuf| path.file_name().is_some_and(|n| n.to_string_lossy().starts_with(school.uai));
        let files = files.iter().map(|(_, path)| path.clone()).filter(of_school).collect();
        let academy = school.academy.to_owned();
        let request = ImportRequest {
            format: RosterFormat::Siecle,
            academy,
            files,
            tables: None,
            removals: RemovalPolicy::Guarded,
            takes_lead: false,
            dry_run: false,
        };
        let mut report = String::new();
        let all = import_files(ctx, &request, &mut |finding| report.push_str(&format!("{finding} "))).await?;
        anyhow::ensure!(all, "the demo's own roster of {} was not taken: {report}", school.uai);
    }
    Ok(())
}

/// Opens every campaign for fifteen days more, except the closed one. One that is open keeps its beginning; that of the
/// head's school began some days ago, because its figures have a past.
pub async fn set_campaigns(app: &App, now: Timestamp) -> anyhow::Result<()> {
    for school in &SCHOOLS {
        let uai = Uai::parse(school.uai)?;
        let change = if school.uai == CLOSED_SCHOOL_UAI {
            let campaign = tenants::store::find_campaign(&mut app.db.read().await?, &uai).await?;
            if matches!(campaign_status(campaign, now), CampaignStatus::Closed(_)) {
                continue;
            }
            CampaignChange::Close
        } else {
            CampaignChange::Open { days: CAMPAIGN_DAYS }
        };
        let op = Operation::of_job(app, "demo");
        let held = tenants::store::find_campaign(&mut app.db.read().await?, &uai).await?;
        match (campaign_status(held, now), held) {
            (CampaignStatus::Open, Some(held)) => {
                let closes_at = now.plus(Span::days(CAMPAIGN_DAYS));
                let mut tx = op.write(Durability::Durable).await?;
                tenants::store::upsert_campaign(&mut tx, &uai, Campaign { closes_at, ..held }).await?;
                tx.commit().await?;
            }
            (CampaignStatus::NotPlanned, _) if school.uai == HEAD_SCHOOL_UAI => {
                let opened = Operation { now: now.minus(Span::days(CAMPAIGN_AGE_DAYS)), ..op };
                let change = CampaignChange::Open { days: CAMPAIGN_AGE_DAYS + CAMPAIGN_DAYS };
                change_campaign(opened.database(), &uai, change).await?;
            }
            _ => {
                change_campaign(op.database(), &uai, change).await?;
            }
        }
    }
    Ok(())
}
