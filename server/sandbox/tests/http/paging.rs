use std::collections::HashSet;

use crate::harness::Bench;
use sandbox::{Faults, Organisation, PageWrite};

async fn bench(faults: Faults) -> Bench {
    let bench = Bench::with(Organisation {
        seed: 3,
        apps: 5,
        devices: 40,
        assignments: 170,
        ..Organisation::default()
    })
    .await;
    bench.sandbox.control().set_faults(faults);
    bench
}

/// Every page: versions, and assignments as text.
async fn walk(bench: &Bench) -> (Vec<String>, Vec<String>) {
    let (mut versions, mut rows, mut next) = (Vec::new(), Vec::new(), Some(0));
    while let Some(index) = next {
        let page = bench.get(&format!("assignments?pageIndex={index}")).await.json;
        versions.push(page["versionId"].as_str().unwrap().to_owned());
        let own = page["assignments"].as_array().unwrap();
        assert_eq!(page["size"], own.len());
        rows.extend(own.iter().map(ToString::to_string));
        next = page["nextPageIndex"].as_u64();
        assert_eq!(next.is_some(), index + 1 < page["totalPages"].as_u64().unwrap());
    }
    (versions, rows)
}

#[tokio::test]
async fn pages_hold_every_assignment_once_whatever_their_size() {
    for page_size in [1, 7, 40, 169, 170, 171] {
        let bench = bench(Faults {
            page_size,
            ..Faults::default()
        })
        .await;
        let (versions, rows) = walk(&bench).await;
        assert_eq!(
            (rows.len(), rows.iter().collect::<HashSet<_>>().len()),
            (170, 170)
        );
        assert_eq!(versions.len(), 170usize.div_ceil(page_size));
        assert_eq!(versions.iter().collect::<HashSet<_>>().len(), 1);
    }
}

#[tokio::test]
async fn a_write_between_pages_changes_the_version() {
    let faults = Faults {
        page_size: 50,
        page_write: PageWrite::Version,
        ..Faults::default()
    };
    let (versions, rows) = walk(&bench(faults).await).await;
    assert_eq!(rows.len(), 170);
    assert_eq!(versions.iter().collect::<HashSet<_>>().len(), 4);
}

#[tokio::test]
async fn writes_between_pages_stop_after_so_many() {
    let faults = Faults {
        page_size: 50,
        page_write: PageWrite::Version,
        page_write_times: Some(1),
        ..Faults::default()
    };
    let (versions, _) = walk(&bench(faults).await).await;
    assert_eq!(versions.iter().collect::<HashSet<_>>().len(), 2);
}

#[tokio::test]
async fn a_foreign_assignment_comes_between_pages() {
    let faults = Faults {
        page_size: 100,
        page_write: PageWrite::Assignment,
        page_write_times: Some(1),
        ..Faults::default()
    };
    let bench = bench(faults).await;
    let (_, rows) = walk(&bench).await;
    assert_eq!(
        bench.sandbox.control().summary(&bench.uid).unwrap().assignments,
        171
    );
    // The list shifted by one while it was read: one assignment came twice.
    assert_eq!(
        (rows.len(), rows.iter().collect::<HashSet<_>>().len()),
        (171, 170)
    );
}

#[tokio::test]
async fn an_empty_list_has_one_empty_page() {
    let bench = Bench::start().await;
    let page = bench.get("assignments?adamId=1").await.json;
    assert_eq!(
        (page["totalPages"].as_u64(), page["size"].as_u64()),
        (Some(1), Some(0))
    );
}
