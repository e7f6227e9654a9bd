//! What a page reads from the server: once while the server renders it, and again when the address or the data changes.
//!
//! A reading is one kind of resource, whatever is read, and what is shown of it one kind of boundary: in the browser both
//! would else be compiled, and loaded, anew for every page.

use crate::call::Failure;
use leptos::prelude::*;
use serde::{Serialize, de::DeserializeOwned};
use std::pin::Pin;

type Pending<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Something read from the server. Awaiting it brings the newest answer.
pub struct Reading<T: Send + Sync + 'static> {
    resource: half::Resource<T>,
}

impl<T: Send + Sync + 'static> Clone for Reading<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Reading<T> {}

/// Calls `fetch` for each new value of `source`; a page is not sent before it has answered.
pub fn reading<T, S, Fut>(
    source: impl Fn() -> S + Send + Sync + 'static,
    fetch: impl Fn(S) -> Fut + Send + Sync + 'static,
) -> Reading<T>
where
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    S: PartialEq + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<T, Failure>> + Send + 'static,
{
    Reading {
        resource: half::resource(source, fetch),
    }
}

impl<T> Reading<T>
where
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    /// Reads again, and shows the old answer until the new one is there.
    pub fn refetch(&self) {
        self.resource.refetch();
    }

    /// Waits for the first answer.
    pub async fn answered(&self) {
        half::answered(&self.resource).await;
    }

    /// The newest answer, if there is one yet and the page is still there.
    pub fn latest_untracked(&self) -> Option<Result<T, Failure>> {
        half::latest(&self.resource)
    }
}

impl<T> IntoFuture for Reading<T>
where
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    type Output = Result<T, Failure>;
    type IntoFuture = Pending<Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        half::answer(self.resource)
    }
}

/// Reads again what could not be read; false if there is nothing of it.
pub fn try_again() -> bool {
    half::try_again()
}

/// What `view` makes of its readings: nothing until they are there for the first time, and the old until the new is.
pub fn when_read<Fut>(view: impl Fn() -> Fut + Send + Sync + 'static) -> AnyView
where
    Fut: Future<Output: IntoView> + Send + 'static,
{
    boundary(Box::new(move || {
        let view = view();
        Box::pin(async move { view.await.into_any() })
    }))
}

fn boundary(view: Box<dyn Fn() -> Pending<AnyView> + Send + Sync>) -> AnyView {
    let view = move || half::shown(&*view);
    view! { <Transition>{view}</Transition> }.into_any()
}

/// The server knows of each resource what it holds.
#[cfg(not(feature = "hydrate"))]
mod half {
    use super::*;
    use crate::json::Text;

    pub fn shown(view: &dyn Fn() -> Pending<AnyView>) -> Suspend<AnyView> {
        // Every word of the page asks for the language, and looks for it from here outwards.
        provide_context(crate::i18n::Locale::current());
        Suspend::new(view())
    }

    /// Only a browser tries again.
    pub fn try_again() -> bool {
        false
    }

    pub type Resource<T> = leptos::prelude::Resource<Result<T, Failure>, Text>;

    pub fn resource<T, S, Fut>(
        source: impl Fn() -> S + Send + Sync + 'static,
        fetch: impl Fn(S) -> Fut + Send + Sync + 'static,
    ) -> Resource<T>
    where
        T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
        S: PartialEq + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<T, Failure>> + Send + 'static,
    {
        Resource::new_with_options(source, fetch, true)
    }

    pub fn latest<T: Clone + Send + Sync + 'static>(resource: &Resource<T>) -> Option<Result<T, Failure>> {
        resource.try_get_untracked().flatten()
    }

    pub async fn answered<T: Clone + Send + Sync + 'static>(resource: &Resource<T>) {
        drop((*resource).await);
    }

    pub fn answer<T: Clone + Send + Sync>(resource: Resource<T>) -> Pending<Result<T, Failure>> {
        let answer = resource.into_future();
        Box::pin(answer)
    }
}

/// The browser's resources all hold an [`Answer`].
#[cfg(feature = "hydrate")]
mod half {
    use super::*;
    use crate::{json, live};
    use contract::Code;
    use leptos::{
        prelude::codee::{Decoder, Encoder},
        tachys::reactive_graph::OwnedView,
    };
    use std::{any::Any, cell::RefCell, convert::Infallible, sync::Arc};

    /// What is shown owns what it was made of until something newer is shown in its place. Whoever runs this anew would have
    /// it all thrown away at once, while it is still on the page and hears of changes.
    pub fn shown(view: &dyn Fn() -> Pending<AnyView>) -> Suspend<AnyView> {
        let around = Owner::current().and_then(|run| run.parent());
        let Some(owner) = around.map(|around| around.child()) else {
            return Suspend::new(view());
        };
        let made = owner.with(view);
        let kept = owner.clone();
        owner.with(|| {
            Suspend::new(Box::pin(async move {
                OwnedView::new_with_owner(made.await, kept).into_any()
            }))
        })
    }

    thread_local! {
        /// What could not be read and may well be later, on pages that are gone too.
        static FAILED: RefCell<Vec<Inner>> = const { RefCell::new(Vec::new()) };
    }

    pub fn try_again() -> bool {
        let mut failed = FAILED.take();
        failed.retain(|inner| inner.try_get_untracked().is_some());
        failed.iter().for_each(Inner::refetch);
        !failed.is_empty()
    }

    type Inner = leptos::prelude::Resource<Answer, AsSent>;

    pub struct Resource<T> {
        inner: Inner,
        is: std::marker::PhantomData<fn() -> T>,
    }

    impl<T> Clone for Resource<T> {
        fn clone(&self) -> Self {
            *self
        }
    }

    impl<T> Copy for Resource<T> {}

    impl<T> Resource<T> {
        pub fn refetch(&self) {
            self.inner.refetch();
        }
    }

    /// What the server sent with the page, or what was fetched since.
    #[derive(Clone)]
    pub enum Answer {
        Sent(Arc<str>),
        Fetched(Arc<dyn Any + Send + Sync>),
    }

    impl Answer {
        fn open<T: Clone + DeserializeOwned + 'static>(&self) -> Result<T, Failure> {
            match self {
                Answer::Sent(text) => json::read_result(text).unwrap_or_else(|error| Err(broken(&error))),
                Answer::Fetched(value) => match value.downcast_ref::<Result<T, Failure>>() {
                    Some(value) => value.clone(),
                    None => Err(Code::Internal.into()),
                },
            }
        }
    }

    fn broken(error: &json::Broken) -> Failure {
        leptos::logging::error!("{error}");
        Code::Internal.into()
    }

    /// The text is kept, and read where it is known what it is.
    struct AsSent;

    impl Decoder<Answer> for AsSent {
        type Error = Infallible;
        type Encoded = str;

        fn decode(text: &str) -> Result<Answer, Infallible> {
            Ok(Answer::Sent(text.into()))
        }
    }

    impl Encoder<Answer> for AsSent {
        type Error = Infallible;
        type Encoded = String;

        /// Only the server's half sends what it read.
        fn encode(answer: &Answer) -> Result<String, Infallible> {
            Ok(match answer {
                Answer::Sent(text) => text.as_ref().to_owned(),
                Answer::Fetched(_) => String::new(),
            })
        }
    }

    /// Values of any one type, told apart as that type does.
    trait Source: Any + Send + Sync {
        fn is(&self, other: &dyn Any) -> bool;
    }

    impl<S: PartialEq + Send + Sync + 'static> Source for S {
        fn is(&self, other: &dyn Any) -> bool {
            other.downcast_ref() == Some(self)
        }
    }

    #[derive(Clone)]
    struct AnySource(Arc<dyn Source>);

    impl PartialEq for AnySource {
        fn eq(&self, other: &Self) -> bool {
            self.0.is(&*other.0)
        }
    }

    pub fn resource<T, S, Fut>(
        source: impl Fn() -> S + Send + Sync + 'static,
        fetch: impl Fn(S) -> Fut + Send + Sync + 'static,
    ) -> Resource<T>
    where
        T: Send + Sync + 'static,
        S: PartialEq + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<T, Failure>> + Send + 'static,
    {
        let source = move || AnySource(Arc::new(source()));
        let fetch = move |AnySource(source): AnySource| -> Pending<Fetched> {
            let source: &dyn Any = &*source;
            let answer = source.downcast_ref::<S>().map(|source| fetch(source.clone()));
            Box::pin(async move {
                let answer = match answer {
                    Some(answer) => answer.await,
                    None => Err(Code::Internal.into()),
                };
                let passing = matches!(&answer, Err(failure) if failure.is_passing());
                Fetched {
                    answer: Answer::Fetched(Arc::new(answer)),
                    passing,
                }
            })
        };
        Resource {
            inner: any(Box::new(source), Box::new(fetch)),
            is: std::marker::PhantomData,
        }
    }

    /// An answer, and whether it is a failure that passes by itself.
    struct Fetched {
        answer: Answer,
        passing: bool,
    }

    /// What is read again and cannot be just now stays as it was shown, until it is told as missed (P5).
    fn any(
        source: Box<dyn Fn() -> AnySource + Send + Sync>,
        fetch: Box<dyn Fn(AnySource) -> Pending<Fetched> + Send + Sync>,
    ) -> Inner {
        // What the answer that is shown was asked for.
        let shown = StoredValue::new(untrack(&source));
        let inner = StoredValue::new(None::<Inner>);
        let fetch = move |asked: AnySource| -> Pending<Answer> {
            let fetched = fetch(asked.clone());
            Box::pin(async move {
                let Fetched { answer, passing } = fetched.await;
                let inner = inner.try_get_value().flatten();
                if passing {
                    live::lost();
                    FAILED.with_borrow_mut(|failed| failed.extend(inner));
                }
                let same = passing && shown.try_get_value().is_some_and(|shown| shown == asked);
                let old = inner.filter(|_| same);
                let old = old.and_then(|inner| inner.try_get_untracked().flatten());
                shown.try_set_value(asked);
                old.unwrap_or(answer)
            })
        };
        let resource = Inner::new_with_options(source, fetch, true);
        inner.set_value(Some(resource));
        resource
    }

    pub fn latest<T: Clone + DeserializeOwned + 'static>(
        resource: &Resource<T>,
    ) -> Option<Result<T, Failure>> {
        let answer = resource.inner.try_get_untracked().flatten()?;
        Some(answer.open())
    }

    pub async fn answered<T>(resource: &Resource<T>) {
        drop(resource.inner.await);
    }

    pub fn answer<T>(resource: Resource<T>) -> Pending<Result<T, Failure>>
    where
        T: Clone + DeserializeOwned + 'static,
    {
        let answer = resource.inner.into_future();
        Box::pin(async move { answer.await.open() })
    }
}
