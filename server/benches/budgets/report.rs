//! The figures, their budgets, and the lines they are printed as.

use crate::numbers::{median, spread};

/// What a figure must keep to.
#[derive(Clone, Copy)]
pub enum Budget {
    AtMost(f64),
    AtLeast(f64),
}

impl Budget {
    fn kept(self, value: f64) -> bool {
        match self {
            Self::AtMost(most) => value <= most,
            Self::AtLeast(least) => value >= least,
        }
    }

    fn text(self) -> String {
        match self {
            Self::AtMost(most) => format!("<={most}"),
            Self::AtLeast(least) => format!(">={least}"),
        }
    }
}

/// Which figures are wanted, and how many runs each median is of.
pub struct Report {
    only: Option<String>,
    pub runs: usize,
}

impl Report {
    /// All figures, or those whose names begin with `only`.
    pub fn new(only: Option<String>) -> Self {
        let runs = std::env::var("POMONA_BENCH_RUNS")
            .ok()
            .and_then(|text| text.parse().ok());
        Self {
            only,
            runs: runs.unwrap_or(5).max(1),
        }
    }

    pub fn wants(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|only| name.starts_with(only))
    }

    pub fn wants_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.wants(name))
    }

    /// Prints one figure, if it is wanted; `note` says more about it.
    pub fn print(&self, name: &str, value: f64, unit: &str, budget: Budget, note: &str) {
        if self.wants(name) {
            let verdict = if budget.kept(value) { "pass" } else { "fail" };
            println!(
                "{name:<20} {value:>9.2} {unit:<3} {:>7} {verdict}  # {note}",
                budget.text()
            );
        }
    }

    /// Prints the median of several runs; how far they lie apart is added to the note.
    pub fn print_median(&self, name: &str, values: &[f64], unit: &str, budget: Budget, note: &str) {
        let note = format!("median of {}, {}; {note}", values.len(), spread(values));
        self.print(name, median(values), unit, budget, &note);
    }

    /// Says what happens meanwhile.
    pub fn progress(&self, text: &str) {
        eprintln!("bench: {text}");
    }
}
