//! Walks over the pages of a list, several at once, while the list may change.
//! <https://developer.apple.com/documentation/devicemanagement/using-paginated-endpoints>

mod page;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures::Stream;
use futures::future::BoxFuture;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;

use crate::fault::{Fault, number};
use crate::reply::Answer;

pub use page::Page;
pub(crate) use page::{Fetched, Query, WirePage};

/// Pages fetched at once; Apple allows five.
const AT_ONCE: usize = 5;

/// Where a walk gives up, against an answer that always promises one page more: 100 million records at
/// Apple's usual page size.
const MAX_PAGES: u32 = 100_000;

/// Empty pages in a row that a walk follows, where each promises another one: a list that goes on so has no end.
const MAX_EMPTY: u32 = 100;

type PageResult<T> = Result<Answer<Fetched<T>>, Fault>;
type Fetch<T> = Arc<dyn Fn(u32) -> BoxFuture<'static, PageResult<T>> + Send + Sync>;

/// A walk over the pages of a list: a stream of pages **in the order of their index**, page 0 first and
/// alone, then up to five fetched ahead within the location's pace, in tasks of their own, so that they
/// proceed while the caller works on a page. Never more than five are in flight or wait to be taken.
/// It must be polled inside a tokio runtime; dropping it stops it.
///
/// Pages that appear during the walk are fetched; if the list becomes shorter, the walk ends there. After
/// a fault it is over, and [`Walk::end`] stays `None`: start anew.
#[must_use = "a walk fetches nothing until it is polled"]
pub struct Walk<T> {
    fetch: Fetch<T>,
    /// Pages under way, the first of them being number `next`.
    window: VecDeque<AbortOnDropHandle<PageResult<T>>>,
    /// The page to hand out next.
    next: u32,
    /// Pages there are, as far as known.
    expected: u32,
    first_version: Option<String>,
    version_changed: bool,
    /// A page said that it had records, and showed none.
    withheld: bool,
    /// Pages in a row without a record that promised another one.
    empty: u32,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Walking,
    Failed,
    Ended(WalkEnd),
}

/// How a walk ended that met no fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalkEnd {
    /// The version of page 0: what to pass as `since_version` next time.
    pub first_version: Option<String>,
    /// Pages handed out.
    pub pages: u32,
    /// A later page showed another version than page 0: the list changed during the walk.
    pub version_changed: bool,
    /// Apple had promised more pages than there were in the end: the list became shorter during the walk.
    pub cut_short: bool,
    /// A page told a `size` and showed no record: something is missing.
    pub withheld: bool,
}

impl WalkEnd {
    /// Whether the pages together show one state of the list.
    pub fn is_consistent(&self) -> bool {
        !self.version_changed && !self.cut_short && !self.withheld
    }
}

impl<T: Send + 'static> Walk<T> {
    pub(crate) fn new<F, R>(fetch: F) -> Self
    where
        F: Fn(u32) -> R + Send + Sync + 'static,
        R: Future<Output = PageResult<T>> + Send + 'static,
    {
        Self {
            fetch: Arc::new(move |index| Box::pin(fetch(index))),
            window: VecDeque::with_capacity(AT_ONCE),
            next: 0,
            expected: 1,
            first_version: None,
            version_changed: false,
            withheld: false,
            empty: 0,
            stage: Stage::Walking,
        }
    }

    /// The next page, `None` at the end or after a fault. As [`futures::StreamExt::next`], without the import.
    ///
    /// # Errors
    /// Any [`Fault`] of a page; the walk is then over.
    pub async fn next(&mut self) -> Option<Result<Answer<Page<T>>, Fault>> {
        futures::StreamExt::next(self).await
    }

    /// How the walk ended; `None` while it goes on and after a fault.
    pub fn end(&self) -> Option<&WalkEnd> {
        match &self.stage {
            Stage::Ended(end) => Some(end),
            Stage::Walking | Stage::Failed => None,
        }
    }

    /// Starts as many pages as may be under way.
    fn fill(&mut self) {
        while self.window.len() < AT_ONCE {
            let index = self
                .next
                .saturating_add(u32::try_from(self.window.len()).unwrap_or(u32::MAX));
            if index >= self.expected {
                break;
            }
            let page = (self.fetch)(index).in_current_span();
            self.window.push_back(AbortOnDropHandle::new(tokio::spawn(page)));
        }
    }

    /// Judges an answer for page `index` and learns from it how far the list goes.
    fn accept(&mut self, index: u32, answer: Answer<Fetched<T>>) -> Result<Answer<Page<T>>, Fault> {
        let fetched = &answer.body;
        if fetched.current_index.is_some_and(|current| current != index) {
            return Err(Fault::protocol(format!(
                "another page came than page {index} asked for"
            )));
        }
        if fetched.next_index.is_some_and(|next| next <= index) {
            return Err(Fault::protocol(format!(
                "page {index} names itself or an earlier one as the next"
            )));
        }
        let past_the_end = index > 0 && fetched.next_index.is_none() && fetched.records.items.is_empty();
        if !past_the_end {
            let promised = if fetched.next_index.is_some() {
                index.saturating_add(2)
            } else {
                0
            };
            self.expected = self.expected.max(promised).max(fetched.total_pages.unwrap_or(0));
        }
        if self.expected > MAX_PAGES {
            return Err(Fault::protocol(format!(
                "the list has more than {MAX_PAGES} pages"
            )));
        }
        let shows = !fetched.records.items.is_empty() || fetched.records.skipped > 0;
        self.withheld |= !shows && fetched.size.is_some_and(|size| size > 0);
        self.empty = match !shows && fetched.next_index.is_some() {
            true => self.empty + 1,
            false => 0,
        };
        if self.empty > MAX_EMPTY {
            return Err(Fault::protocol(format!(
                "more than {MAX_EMPTY} pages in a row have no record and promise another one"
            )));
        }
        match (&self.first_version, &fetched.version_id) {
            (None, Some(version)) if index == 0 => self.first_version = Some(version.clone()),
            (first, Some(version)) => self.version_changed |= first.as_ref() != Some(version),
            (_, None) => {}
        }
        Ok(answer.map(|fetched| Page {
            index,
            total_pages: fetched.total_pages,
            items: fetched.records.items,
            skipped: fetched.records.skipped,
            version_id: fetched.version_id,
        }))
    }

    fn finish(&mut self, cut_short: bool) {
        self.window.clear();
        self.stage = Stage::Ended(WalkEnd {
            first_version: self.first_version.take(),
            pages: self.next,
            version_changed: self.version_changed,
            cut_short,
            withheld: self.withheld,
        });
    }

    fn fail(&mut self, fault: Fault) -> Fault {
        self.window.clear();
        self.stage = Stage::Failed;
        fault
    }
}

impl<T: Send + 'static> Stream for Walk<T> {
    type Item = Result<Answer<Page<T>>, Fault>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let walk = self.get_mut();
        if !matches!(walk.stage, Stage::Walking) {
            return Poll::Ready(None);
        }
        walk.fill();
        let Some(first) = walk.window.front_mut() else {
            walk.finish(false);
            return Poll::Ready(None);
        };
        let result = ready!(Pin::new(first).poll(context));
        walk.window.pop_front();
        let result =
            result.unwrap_or_else(|_| Err(Fault::protocol("the task that fetched a page was stopped")));
        match result.and_then(|answer| walk.accept(walk.next, answer)) {
            Ok(page) => {
                walk.next += 1;
                walk.fill();
                Poll::Ready(Some(Ok(page)))
            }
            Err(fault) if fault.number == Some(number::PAGE_OUT_OF_RANGE) && walk.next > 0 => {
                walk.finish(true);
                Poll::Ready(None)
            }
            Err(fault) => Poll::Ready(Some(Err(walk.fail(fault)))),
        }
    }
}

impl<T> std::fmt::Debug for Walk<T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Walk")
            .field("next", &self.next)
            .field("expected", &self.expected)
            .field("stage", &self.stage)
            .finish_non_exhaustive()
    }
}
