//! Lighthouse's mobile scores of the pages that people meet first. The browser and the pages are those of the browser tests:
//! `end2end/tests/lighthouse.spec.ts`.

use crate::{
    Outcome,
    numbers::median,
    report::{Budget, Report},
};
use std::{collections::BTreeMap, path::Path, process::Command};

const PERFORMANCE: &str = "lighthouse";
const OTHERS: &str = "lighthouse.others";

/// By page.
type Scores = BTreeMap<String, Runs>;

/// One page's scores, run by run.
#[derive(Default)]
struct Runs {
    performance: Vec<f64>,
    /// The lesser of accessibility and best practices.
    others: Vec<f64>,
}

pub fn measure(report: &Report) -> Outcome<()> {
    if !report.wants_any(&[PERFORMANCE, OTHERS]) {
        return Ok(());
    }
    let mut scores = Scores::new();
    for run in 1..=report.runs {
        report.progress(&format!("{PERFORMANCE}: run {run} of {}", report.runs));
        judge(&mut scores)?;
    }
    let lowest = |pick: fn(&Runs) -> &[f64]| {
        let of_pages: Vec<_> = scores
            .iter()
            .map(|(page, runs)| (page, median(pick(runs))))
            .collect();
        let note: Vec<_> = of_pages
            .iter()
            .map(|(page, score)| format!("{page} {score}"))
            .collect();
        let least = of_pages.iter().map(|(_, score)| *score).fold(100.0, f64::min);
        (least, format!("medians of {}: {}", report.runs, note.join(", ")))
    };
    let (least, note) = lowest(|runs| &runs.performance);
    report.print(PERFORMANCE, least, "", Budget::AtLeast(95.0), &note);
    let (least, note) = lowest(|runs| &runs.others);
    report.print(OTHERS, least, "", Budget::AtLeast(100.0), &note);
    Ok(())
}

fn judge(scores: &mut Scores) -> Outcome<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../end2end");
    let output = Command::new("npm")
        .args(["run", "--silent", "lighthouse"])
        .current_dir(folder)
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut found = 0;
    for line in text.lines().filter_map(|line| line.strip_prefix("lighthouse ")) {
        let mut words = line.split(' ');
        let page = words.next().unwrap_or_default();
        let values: BTreeMap<&str, f64> = words
            .filter_map(|word| word.split_once('='))
            .filter_map(|(name, score)| Some((name, score.parse().ok()?)))
            .collect();
        let score = |name: &str| values.get(name).copied().ok_or(format!("no {name} of {page}"));
        let runs = scores.entry(page.to_owned()).or_default();
        runs.performance.push(score("performance")?);
        runs.others
            .push(score("accessibility")?.min(score("best-practices")?));
        found += 1;
    }
    match found {
        0 => Err(format!("Lighthouse judged nothing: {text}").into()),
        _ => Ok(()),
    }
}
