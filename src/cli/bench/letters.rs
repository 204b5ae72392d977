//! Measures the printing of letters, one file after the other: a file is drawn by one thread.

use std::sync::Arc;

use super::measure::{BenchRates, measure_rate};
use crate::app::AppState;
use crate::base::lang::Lang;
use crate::letters::code::LetterCode;
use crate::letters::pdf::{LetterReader, LetterUse, Letterhead, PrintedLetter, print_letters};

/// The letters a second of a file of 1 000 in 10 seconds.
const PROMISED_RATE: f64 = 100.0;

pub async fn measure(app: &AppState, letters_per_file: usize, seconds: u64) -> anyhow::Result<BenchRates> {
    let app = app.clone();
    let codes: Vec<LetterCode> = (0..letters_per_file).map(|_| LetterCode::draw(app.rng.as_ref())).collect();
    let codes = Arc::new(codes);
    let work = move |_| {
        let (app, codes) = (app.clone(), Arc::clone(&codes));
        async move { tokio::task::spawn_blocking(move || print(&app, &codes)).await? }
    };
    let files = measure_rate(1, seconds as f64, work).await?;
    Ok(BenchRates {
        measured_name: "letters",
        measured_rate: files * letters_per_file as f64,
        limit_name: "promised",
        limit_rate: PROMISED_RATE,
        cpu_share: None,
    })
}

fn print(app: &AppState, codes: &[LetterCode]) -> anyhow::Result<()> {
    let head = Letterhead {
        lang: Lang::Fr,
        service: app.pages.service_name(),
        school: "Clg Théodore Monod",
        academy: "académie de Montpellier",
        issuer: "https://compte.exemple.fr",
        printed_on: "28 novembre 2026",
    };
    let people: Vec<(String, String)> =
        (0..codes.len()).map(|n| (format!("Anaïs Lebœuf {n}"), format!("a.leboeuf{n}"))).collect();
    let letters: Vec<PrintedLetter<'_>> = codes
        .iter()
        .zip(&people)
        .map(|(code, (name, identifiant))| PrintedLetter {
            purpose: LetterUse::First,
            reader: LetterReader::Pupil,
            name,
            class: Some("5e B"),
            identifiant,
            code,
            valid_until: "mercredi 16 décembre",
            in_person: false,
        })
        .collect();
    let file = print_letters(&app.pages, &head, &letters)?;
    anyhow::ensure!(!file.bytes.is_empty() && file.unprintable.is_empty(), "an incomplete file");
    Ok(())
}
