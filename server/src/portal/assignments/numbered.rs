//! Pages of lines that are worked out, not stored: each has a number, and some of them are shown.

use contract::{Code, Fault, Page, PageQuery};

/// The lines of this page, of `most` in all; its cursor is the number of its first one. A walk over all pages looks at each
/// line once.
pub fn numbered<T>(
    page: &PageQuery,
    most: usize,
    shown: impl Fn(usize) -> Option<T>,
) -> Result<Page<T>, Fault> {
    let first = match &page.cursor {
        None => 0,
        Some(cursor) => cursor
            .parse::<usize>()
            .map_err(|_| Fault::new(Code::CursorInvalid))?,
    };
    let limit = usize::from(page.limit());
    let mut from_here = (first..most).filter_map(|at| Some((at, shown(at)?)));
    let rows = from_here.by_ref().take(limit).map(|(_, row)| row).collect();
    let next = from_here.next().map(|(at, _)| at.to_string());
    if page.uncounted {
        return Ok(Page {
            rows,
            next,
            previous: None,
            total: None,
        });
    }
    let is_shown = |at: &usize| shown(*at).is_some();
    let previous = (0..first.min(most)).rev().filter(is_shown).take(limit).last();
    Ok(Page {
        rows,
        next,
        previous: previous.map(|at| at.to_string()),
        total: i64::try_from((0..most).filter(is_shown).count()).ok(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_walk_shows_each_line_once_and_back_again(
            lines in proptest::collection::vec(any::<bool>(), 0..60),
            rows in 1..9_u16,
            uncounted: bool,
        ) {
            let shown = |at: usize| lines.get(at).copied().unwrap_or_default().then_some(at);
            let all: Vec<usize> = (0..lines.len()).filter_map(shown).collect();
            let at = |cursor| {
                let page = PageQuery { cursor, rows: Some(rows), uncounted, ..PageQuery::default() };
                numbered(&page, lines.len(), shown).unwrap()
            };
            let mut pages = vec![at(None)];
            while let Some(next) = pages.last().and_then(|page| page.next.clone()) {
                pages.push(at(Some(next)));
            }
            let walked: Vec<usize> = pages.iter().flat_map(|page| page.rows.clone()).collect();
            prop_assert_eq!(&walked, &all);
            for pair in pages.windows(2) {
                let [before, page] = pair else { continue };
                prop_assert_eq!(page.total, (!uncounted).then_some(all.len() as i64));
                if let Some(previous) = &page.previous {
                    prop_assert_eq!(&at(Some(previous.clone())).rows, &before.rows);
                }
                prop_assert_eq!(page.previous.is_none(), uncounted);
            }
        }
    }

    #[test]
    fn a_cursor_that_is_none_is_refused_and_one_beyond_the_end_shows_nothing() {
        let at = |cursor: &str| {
            let page = PageQuery {
                cursor: Some(cursor.to_owned()),
                ..PageQuery::default()
            };
            numbered(&page, 3, Some)
        };
        assert_eq!(at("-1").unwrap_err().code, Code::CursorInvalid);
        assert_eq!(at("nine").unwrap_err().code, Code::CursorInvalid);
        let beyond = at(&usize::MAX.to_string()).unwrap();
        assert_eq!(
            (beyond.rows.len(), beyond.next, beyond.previous),
            (0, None, Some("0".to_owned()))
        );
    }
}
