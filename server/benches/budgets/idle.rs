//! The memory of a server that has nothing to do.

use crate::{
    Outcome,
    children::Program,
    numbers::mebibytes,
    place::Folder,
    report::{Budget, Report},
};

pub const NAME: &str = "idle";

/// The lists, opened once each to see what stays of them.
const LISTS: &[&str] = &["/", "/tokens", "/apps", "/licenses", "/devices", "/activity"];

pub async fn measure(report: &Report, data: &Folder) -> Outcome<()> {
    if !report.wants(NAME) {
        return Ok(());
    }
    report.progress("waiting until the server is quiet");
    let server = Program::serve(data.path()).await?;
    let quiet = server.quiet_memory().await?;
    let mut visitor = server.connect().await?;
    visitor.sign_in().await?;
    for path in LISTS {
        visitor.get(path).await?;
    }
    let visited = server.quiet_memory().await?;
    server.stop().await?;
    let note = format!(
        "resident after the start; {:.1} once somebody opened every list",
        mebibytes(visited)
    );
    report.print(NAME, mebibytes(quiet), "MiB", Budget::AtMost(64.0), &note);
    Ok(())
}
