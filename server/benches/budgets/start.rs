//! From the start of the program to its first answer.

use crate::{
    Outcome,
    children::Program,
    numbers::millis,
    place::Folder,
    report::{Budget, Report},
};
use tokio::time::Instant;

pub const NAME: &str = "start";

pub async fn measure(report: &Report, data: &Folder) -> Outcome<()> {
    if !report.wants(NAME) {
        return Ok(());
    }
    let mut times = Vec::new();
    for run in 1..=report.runs {
        report.progress(&format!("start {run} of {}", report.runs));
        let begun = Instant::now();
        let server = Program::serve(data.path()).await?;
        server.connect().await?.get("/sign-in").await?;
        times.push(millis(begun.elapsed()));
        server.stop().await?;
    }
    report.print_median(
        NAME,
        &times,
        "ms",
        Budget::AtMost(300.0),
        "to the first 200 of /sign-in, 3,000 tokens",
    );
    Ok(())
}
