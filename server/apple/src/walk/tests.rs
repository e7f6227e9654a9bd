//! The walk against lists that grow, shrink, change and lie.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::fault::FaultKind;
use crate::reply::{Envelope, Records};

/// A made-up page: what Apple says of its place, and its version.
#[derive(Debug, Clone, Default)]
struct Said {
    current: Option<u32>,
    next: Option<u32>,
    total: Option<u32>,
    size: Option<u32>,
    version: &'static str,
    items: Vec<u32>,
}

fn answer(said: Said) -> PageResult<u32> {
    let body = Fetched {
        current_index: said.current,
        next_index: said.next,
        total_pages: said.total,
        size: said.size,
        records: Records {
            items: said.items,
            skipped: 0,
        },
        version_id: (!said.version.is_empty()).then(|| said.version.to_owned()),
    };
    Ok(Answer {
        body,
        envelope: Envelope::default(),
    })
}

fn out_of_range() -> PageResult<u32> {
    Err(Fault::argument(number::PAGE_OUT_OF_RANGE, "no such page"))
}

/// Page `index` of a well-behaved list of `total` pages, with its index as the one record.
fn honest(index: u32, total: u32, version: &'static str) -> PageResult<u32> {
    if index >= total {
        return out_of_range();
    }
    let next = (index + 1 < total).then_some(index + 1);
    answer(Said {
        current: Some(index),
        next,
        total: Some(total),
        version,
        items: vec![index],
        ..Said::default()
    })
}

fn walk(page: impl Fn(u32) -> PageResult<u32> + Send + Sync + 'static) -> Walk<u32> {
    let page = Arc::new(page);
    Walk::new(move |index| {
        let page = Arc::clone(&page);
        async move { page(index) }
    })
}

/// Everything a walk hands out: the records, the end, the fault.
async fn run(mut walk: Walk<u32>) -> (Vec<u32>, Option<WalkEnd>, Option<Fault>) {
    let (mut items, mut fault, mut index) = (Vec::new(), None, 0);
    while let Some(page) = walk.next().await {
        match page {
            Ok(page) => {
                assert_eq!(page.body.index, index, "pages come in order");
                index += 1;
                items.extend(page.body.items);
            }
            Err(met) => fault = Some(met),
        }
    }
    assert!(walk.next().await.is_none(), "a walk that is over stays over");
    (items, walk.end().cloned(), fault)
}

fn in_runtime<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    runtime.expect("a runtime").block_on(future)
}

#[test]
fn without_a_total_the_next_index_is_followed() {
    let (items, end, _) = in_runtime(run(walk(|index| {
        let next = (index < 6).then_some(index + 1);
        answer(Said {
            next,
            version: "v",
            items: vec![index],
            ..Said::default()
        })
    })));
    assert_eq!(items, (0..7).collect::<Vec<_>>());
    let expected = WalkEnd {
        first_version: Some("v".into()),
        pages: 7,
        version_changed: false,
        cut_short: false,
        withheld: false,
    };
    assert_eq!(end, Some(expected));
}

#[test]
fn a_total_that_is_too_small_does_not_end_the_walk() {
    let (items, end, _) = in_runtime(run(walk(|index| {
        let next = (index < 8).then_some(index + 1);
        answer(Said {
            current: Some(index),
            next,
            total: Some(1),
            version: "v",
            items: vec![index],
            ..Said::default()
        })
    })));
    assert_eq!(items.len(), 9);
    assert!(end.is_some_and(|end| end.is_consistent()));
}

#[test]
fn a_total_that_is_too_large_ends_where_the_pages_end() {
    for past_the_end in [out_of_range as fn() -> _, || answer(Said::default())] {
        let (items, end, fault) = in_runtime(run(walk(move |index| match index {
            0..3 => answer(Said {
                total: Some(12),
                items: vec![index],
                ..Said::default()
            }),
            _ => past_the_end(),
        })));
        assert_eq!((items, fault), (vec![0, 1, 2], None));
        assert!(end.is_some());
    }
}

#[test]
fn an_empty_list_is_one_empty_page() {
    for total in [None, Some(0), Some(1)] {
        let (items, end, _) = in_runtime(run(walk(move |_| {
            answer(Said {
                total,
                version: "v",
                ..Said::default()
            })
        })));
        assert!(items.is_empty());
        assert_eq!(end.map(|end| (end.pages, end.is_consistent())), Some((1, true)));
    }
}

#[test]
fn a_page_that_tells_a_size_and_shows_no_record_makes_the_walk_inconsistent() {
    let sized = |size, items: Vec<u32>| {
        let (_, end, _) = in_runtime(run(walk(move |_| {
            answer(Said {
                size: Some(size),
                version: "v",
                items: items.clone(),
                ..Said::default()
            })
        })));
        end.map(|end| (end.withheld, end.is_consistent()))
    };
    assert_eq!(sized(3, vec![]), Some((true, false)));
    assert_eq!(sized(0, vec![]), Some((false, true)));
    // How many it says is not counted: who knows what else Apple counts as a record.
    assert_eq!(sized(3, vec![1]), Some((false, true)));
}

#[test]
fn empty_pages_that_promise_another_one_are_given_up_and_those_that_end_a_list_are_not() {
    let promising = |index| {
        answer(Said {
            next: Some(index + 1),
            ..Said::default()
        })
    };
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let (_, end, fault) = in_runtime(run(walk(move |index| {
        counted.fetch_add(1, Ordering::Relaxed);
        promising(index)
    })));
    assert_eq!(fault.map(|fault| fault.kind), Some(FaultKind::Protocol));
    assert!(end.is_none());
    assert!(asked.load(Ordering::Relaxed) <= MAX_EMPTY as usize + 1 + AT_ONCE);
    let shrunk = |index| {
        answer(Said {
            total: Some(MAX_EMPTY * 3),
            items: if index == 0 { vec![0] } else { vec![] },
            ..Said::default()
        })
    };
    let (items, end, fault) = in_runtime(run(walk(shrunk)));
    assert_eq!((items, fault), (vec![0], None));
    assert!(end.is_some());
}

#[test]
fn a_list_without_end_is_given_up() {
    let endless = |index| {
        answer(Said {
            next: Some(index + 1),
            items: vec![index],
            ..Said::default()
        })
    };
    let (items, end, fault) = in_runtime(run(walk(endless)));
    assert_eq!(fault.map(|fault| fault.kind), Some(FaultKind::Protocol));
    assert!(end.is_none());
    assert!(items.len() <= MAX_PAGES as usize);
    let boast = |_| {
        answer(Said {
            total: Some(u32::MAX),
            ..Said::default()
        })
    };
    assert_eq!(
        in_runtime(run(walk(boast))).2.map(|fault| fault.kind),
        Some(FaultKind::Protocol)
    );
}

#[test]
fn a_page_that_points_back_or_is_another_is_a_fault() {
    let circle = |index: u32| {
        answer(Said {
            next: Some(if index < 3 { index + 1 } else { 1 }),
            ..Said::default()
        })
    };
    let deaf = |_| {
        answer(Said {
            current: Some(0),
            next: Some(1),
            items: vec![0],
            ..Said::default()
        })
    };
    for (items, end, fault) in [in_runtime(run(walk(circle))), in_runtime(run(walk(deaf)))] {
        assert!(items.len() <= 3);
        assert_eq!(
            (end, fault.map(|fault| fault.kind)),
            (None, Some(FaultKind::Protocol))
        );
    }
}

#[test]
fn page_zero_out_of_range_is_a_fault() {
    let (_, end, fault) = in_runtime(run(walk(|_| out_of_range())));
    assert_eq!(
        (end, fault.and_then(|fault| fault.number)),
        (None, Some(number::PAGE_OUT_OF_RANGE))
    );
}

#[tokio::test(start_paused = true)]
async fn never_more_than_five_pages_are_under_way_and_all_five_are_used() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (gauge, peak) = (Arc::clone(&now), Arc::clone(&most));
    let mut walk = Walk::new(move |index| {
        let (gauge, peak) = (Arc::clone(&gauge), Arc::clone(&peak));
        async move {
            peak.fetch_max(gauge.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(u64::from(index % 3) + 1)).await;
            gauge.fetch_sub(1, Ordering::SeqCst);
            honest(index, 40, "v")
        }
    });
    let mut pages = 0;
    while let Some(page) = walk.next().await {
        assert!(page.is_ok());
        pages += 1;
    }
    assert_eq!((pages, most.load(Ordering::SeqCst)), (40, AT_ONCE));
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_does_not_take_pages_holds_the_walk_back() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    let mut walk = walk(move |index| {
        log.lock().expect("no panic").push(index);
        honest(index, 100, "v")
    });
    assert!(walk.next().await.is_some());
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(*asked.lock().expect("no panic"), [0, 1, 2, 3, 4, 5]);
    drop(walk);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(asked.lock().expect("no panic").len(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_panic_while_fetching_is_a_fault_and_not_a_hang() {
    let (_, end, fault) = run(walk(|index| {
        if index == 2 {
            panic!("on purpose")
        } else {
            honest(index, 5, "v")
        }
    }))
    .await;
    assert_eq!(
        (end, fault.map(|fault| fault.kind)),
        (None, Some(FaultKind::Protocol))
    );
}

proptest! {
    #[test]
    fn every_page_of_a_steady_list_comes_once_and_in_order(
        total in 1u32..60, with_total in any::<bool>(), with_current in any::<bool>(),
    ) {
        let (items, end, fault) = in_runtime(run(walk(move |index| {
            honest(index, total, "v").map(|mut answer| {
                if !with_total { answer.body.total_pages = None; }
                if !with_current { answer.body.current_index = None; }
                answer
            })
        })));
        prop_assert_eq!(items, (0..total).collect::<Vec<_>>());
        prop_assert_eq!(fault, None);
        prop_assert!(end.is_some_and(|end| end.is_consistent() && end.pages == total));
    }

    #[test]
    fn a_list_that_grows_or_shrinks_is_walked_to_its_new_end(
        before in 1u32..40, after in 1u32..40, when in 1usize..40,
    ) {
        let calls = AtomicUsize::new(0);
        let (items, end, fault) = in_runtime(run(walk(move |index| {
            let changed = calls.fetch_add(1, Ordering::SeqCst) >= when;
            if changed { honest(index, after, "new") } else { honest(index, before, "old") }
        })));
        prop_assert_eq!(fault, None);
        let end = end.expect("no fault, so an end");
        prop_assert_eq!(end.first_version.as_deref(), Some("old"));
        let walked = u32::try_from(items.len()).expect("few pages");
        prop_assert_eq!(&items, &(0..walked).collect::<Vec<_>>());
        prop_assert_eq!(end.pages, walked);
        // Nothing of the state that stayed is missed, and nobody is told a mixture is one state.
        let seen_new = end.version_changed || end.cut_short;
        if seen_new { prop_assert!(walked >= after.min(before)); } else { prop_assert_eq!(walked, before); }
        if end.version_changed { prop_assert!(walked >= after); }
    }

    #[test]
    fn a_change_of_version_anywhere_is_told(total in 2u32..40, place in 1u32..40) {
        let (_, end, _) = in_runtime(run(walk(move |index| {
            honest(index, total, if index == place { "new" } else { "old" })
        })));
        prop_assert_eq!(end.map(|end| end.version_changed), Some(place < total));
    }

    #[test]
    fn a_fault_on_any_page_ends_the_walk_with_that_fault(total in 1u32..40, place in 0u32..40) {
        let (items, end, fault) = in_runtime(run(walk(move |index| {
            if index == place { Err(Fault::local(FaultKind::Unreachable, "broke")) } else { honest(index, total, "v") }
        })));
        if place < total {
            prop_assert_eq!(items, (0..place).collect::<Vec<_>>());
            prop_assert_eq!(fault.map(|fault| fault.kind), Some(FaultKind::Unreachable));
            prop_assert_eq!(end, None);
        } else {
            prop_assert_eq!(fault, None);
            prop_assert!(end.is_some());
        }
    }

    #[test]
    fn no_answers_make_a_walk_panic_or_run_for_ever(
        said in prop::collection::vec((prop::option::of(0u32..12), prop::option::of(0u32..12), 0usize..2, any::<bool>()), 1..12),
    ) {
        let (items, end, fault) = in_runtime(run(walk(move |index| {
            let place = usize::try_from(index).expect("small") % said.len();
            let (next, total, items, refused) = said[place];
            if refused && index > 0 { return out_of_range(); }
            answer(Said { next, total, version: "v", items: vec![index; items], ..Said::default() })
        })));
        prop_assert!(items.len() <= 14);
        prop_assert!(end.is_some() != fault.is_some());
    }
}
