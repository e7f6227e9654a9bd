//! Pages under load: signed in, whole, over keep-alive connections.

use crate::{
    Outcome,
    children::Program,
    http::Connection,
    load::{CONNECTIONS, Load},
    numbers::median,
    place::Folder,
    report::{Budget, Report},
};
use std::{collections::BTreeSet, fmt::Write};

pub const LICENCES: &str = "page.licences";

/// A list whose pages of 50 rows are measured: the longest wait, and the rate beside a plain handler.
pub struct List {
    pub name: &'static str,
    pub rate: &'static str,
    path: &'static str,
}

pub const APPS: List = List {
    name: "page.list",
    rate: "page.list.rate",
    path: "/apps",
};

pub const TOKENS: List = List {
    name: "tokens.3000",
    rate: "tokens.3000.rate",
    path: "/tokens",
};

/// A list beside a plain handler that sends the same bytes, in turn.
pub async fn measure_list(report: &Report, data: &Folder, list: &List) -> Outcome<()> {
    if !report.wants_any(&[list.name, list.rate]) {
        return Ok(());
    }
    let server = Program::serve(data.path()).await?;
    let visitor = visitor(&server).await?;
    let page = page(&visitor, list.path, 50).await?;
    let file = data.path().join("page.html");
    std::fs::write(&file, &page)?;
    let plain = Program::plain(&file).await?;
    let mut pages = Load::new(&visitor, vec![list.path.to_owned()]).await?;
    let mut floor = Load::new(&plain.connect().await?, vec!["/".to_owned()]).await?;
    let (mut waits, mut rates, mut plain_rates, mut ratios) = (vec![], vec![], vec![], vec![]);
    let mut sizes = BTreeSet::from([page.len()]);
    for run in 1..=report.runs {
        report.progress(&format!("{}: run {run} of {}", list.name, report.runs));
        let (run, plain) = (pages.run().await?, floor.run().await?);
        if plain.sizes != (page.len()..=page.len()) {
            return Err(format!("the plain pages have {:?} bytes, not {}", plain.sizes, page.len()).into());
        }
        sizes.extend([*run.sizes.start(), *run.sizes.end()]);
        waits.push(run.p99);
        rates.push(run.per_second);
        plain_rates.push(plain.per_second);
        ratios.push(run.per_second / plain.per_second);
    }
    // All pages should be the same, whatever the load.
    let note = format!("p99 over {CONNECTIONS} connections, pages of {sizes:?} bytes");
    report.print_median(list.name, &waits, "ms", Budget::AtMost(20.0), &note);
    let note = format!(
        "{:.0} pages a second, plain handler {:.0}",
        median(&rates),
        median(&plain_rates)
    );
    report.print_median(list.rate, &ratios, "x", Budget::AtLeast(0.5), &note);
    plain.stop().await?;
    server.stop().await
}

/// How long people wait for pages that are asked for in turn; the first has so many rows.
pub struct Waits {
    pub name: &'static str,
    pub paths: Vec<String>,
    pub rows: usize,
    /// Milliseconds, at the 99th percentile.
    pub budget: f64,
}

impl Waits {
    /// The licences of one device among 1,000,000; `apps` each, another device with every request.
    pub fn licences(serials: &[String], apps: usize) -> Self {
        let path = |serial| format!("/licenses?holder={serial}");
        Self {
            name: LICENCES,
            paths: serials.iter().map(path).collect(),
            rows: apps,
            budget: 25.0,
        }
    }

    pub async fn measure(self, report: &Report, data: &Folder) -> Outcome<()> {
        if !report.wants(self.name) {
            return Ok(());
        }
        let server = Program::serve(data.path()).await?;
        let visitor = visitor(&server).await?;
        page(&visitor, self.paths.first().ok_or("no pages")?, self.rows).await?;
        let mut load = Load::new(&visitor, self.paths).await?;
        let (mut waits, mut rates) = (vec![], vec![]);
        for run in 1..=report.runs {
            report.progress(&format!("{}: run {run} of {}", self.name, report.runs));
            let run = load.run().await?;
            waits.push(run.p99);
            rates.push(run.per_second);
        }
        let rate = median(&rates);
        let note = format!("p99 over {CONNECTIONS} connections, {rate:.0} pages a second");
        report.print_median(self.name, &waits, "ms", Budget::AtMost(self.budget), &note);
        server.stop().await
    }
}

pub async fn visitor(server: &Program) -> Outcome<Connection> {
    let mut visitor = server.connect().await?;
    visitor.sign_in().await?;
    Ok(visitor)
}

/// A page with so many rows below its heads.
pub async fn page(visitor: &Connection, path: &str, rows: usize) -> Outcome<Vec<u8>> {
    let page = visitor.another().await?.get(path).await?;
    let found = String::from_utf8_lossy(&page)
        .split("<tbody")
        .skip(1)
        .flat_map(|body| body.split("<tr").skip(1))
        .count();
    if found == rows {
        Ok(page)
    } else {
        Err(format!("{path} has {found} rows instead of {rows}").into())
    }
}

/// Everything but letters and digits becomes `%XX`.
pub fn percent(text: &str) -> String {
    let mut done = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            done.push(char::from(byte));
        } else {
            // Writing to a text does not fail.
            _ = write!(done, "%{byte:02X}");
        }
    }
    done
}
