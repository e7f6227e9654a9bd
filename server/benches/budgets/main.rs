//! What performance.md promises, measured: `make bench`, or `make bench ONLY=page` for the figures whose names begin so.
//! One line each on standard output, progress on standard error. A missed budget is a finding, not an error; the exit
//! status tells only whether everything could be measured. `POMONA_BENCH_RUNS` sets the number of runs that a median is
//! taken of, five if not set.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the report is what this program is for"
)]

mod children;
mod directory;
mod help_desk;
mod http;
mod idle;
mod lighthouse;
mod live;
mod load;
mod many;
mod numbers;
mod pages;
mod place;
mod plain;
mod plan;
mod report;
mod start;
mod sync;
mod wasm;

use report::Report;
use std::process::ExitCode;

/// Whatever keeps a figure from being measured.
type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Answers whether everything could be measured.
fn run() -> Outcome<bool> {
    // As many threads as the server has.
    let threads = std::thread::available_parallelism().map_or(4, |count| count.get().max(4));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()?;
    if let Some(page) = std::env::var_os(plain::PAGE) {
        return runtime.block_on(plain::serve(&page)).map(|()| true);
    }
    // Cargo itself adds `--bench`.
    let only = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    let report = Report::new(only);
    runtime.block_on(async {
        let outcomes = [
            ("the front end", wasm::measure(&report)),
            ("Lighthouse's scores", lighthouse::measure(&report)),
            ("the plan of 100,000 devices", plan::measure(&report)),
            ("the server with 3,000 tokens", many::measure(&report).await),
            (
                "the lists of people, devices and groups",
                directory::measure(&report).await,
            ),
            ("notifications on an open page", live::measure(&report).await),
            (
                "the location with 1,000,000 assignments",
                sync::measure(&report).await,
            ),
        ];
        let failed: Vec<_> = outcomes
            .into_iter()
            .filter_map(|(what, done)| Some((what, done.err()?)))
            .collect();
        for (what, error) in &failed {
            eprintln!("bench: {what} could not be measured: {error}");
        }
        Ok(failed.is_empty())
    })
}
