//! Sends the reminders of schools, settles notices whose cause is gone, and mails administrators what is due.

use std::time::Duration;

use tokio::sync::watch;

use crate::admin_api::ops::reads::record_reads;
use crate::app::{AppState, Operation};
use crate::console_mails::ops::send_due;
use crate::school_admin::ops::reminders::sending::send_step;
use crate::tenants::ops::settle_notices;

/// The interval at which reminders are looked for.
const REMINDERS_INTERVAL: Duration = Duration::from_secs(10);
/// The interval at which notices are settled, and mails looked for.
const MAILS_INTERVAL: Duration = Duration::from_secs(600);

/// Does all of it until `stop` is true.
pub async fn run(app: AppState, stop: watch::Receiver<bool>) {
    tokio::join!(Box::pin(remind(app.clone(), stop.clone())), Box::pin(mail(app, stop)));
}

/// Works on orders of reminders until `stop` is true, each a step at a time.
async fn remind(app: AppState, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(REMINDERS_INTERVAL) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        while !*stop.borrow() && !app.is_work_paused() {
            match Box::pin(send_step(&Operation::of_job(&app, "reminders"))).await {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    tracing::error!(error = format!("{error:#}"), "reminders were not sent");
                    break;
                }
            }
        }
    }
}

/// Settles and mails until `stop` is true. Notices first: nobody is mailed for what settles itself.
async fn mail(app: AppState, mut stop: watch::Receiver<bool>) {
    let mut after = String::new();
    loop {
        tokio::select! {
            () = tokio::time::sleep(MAILS_INTERVAL) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        if !app.is_work_paused() {
            after = settle_and_mail(&app, after).await;
        }
    }
}

/// Settles some thousand notices after an id, enqueues the mails that are due, then records what tokens read. Returns the id after which the next
/// pass goes on; empty for the beginning.
pub async fn settle_and_mail(app: &AppState, after: String) -> String {
    let settled = settle_notices(Operation::of_job(app, "notices").database(), after).await;
    let next = settled.unwrap_or_else(|error| {
        tracing::error!(error = format!("{error:#}"), "notices were not settled");
        String::new()
    });
    if let Err(error) = Box::pin(send_due(&Operation::of_job(app, "console_mails"))).await {
        tracing::error!(error = format!("{error:#}"), "administrators were not mailed");
    }
    if let Err(error) = record_reads(&Operation::of_job(app, "api_reads")).await {
        tracing::error!(error = format!("{error:#}"), "what tokens read was not recorded");
    }
    next
}
