//! `/requests?state=`.

use super::{
    calls::{self, Approve, Refuse},
    row::request,
};
use crate::{
    browser,
    form::FormAction,
    live,
    reading::{reading, when_read},
    session, t,
    ui::{
        Address, CollectAny, Column, Empty, ExportLink, PageHead, Tab, Table, Tabs, address, either, keyed,
        pager, toast,
    },
};
use contract::{
    Caller, Page, Permission,
    checkin::{RequestQuery, RequestRow, RequestState},
    live::LiveEvent,
};
use leptos::prelude::*;

/// What the address asks for; that of the export too.
pub fn query(address: &Address) -> RequestQuery {
    RequestQuery {
        state: RequestState::parse(&address.get("state")).unwrap_or_default(),
        page: address.page(),
    }
}

pub fn list_page() -> AnyView {
    let address = address();
    let requests = reading(move || address.with(query), calls::list);
    live::on_change(
        |event| matches!(event, LiveEvent::Requests | LiveEvent::Missed),
        move || requests.refetch(),
    );
    let answers = Answers::new(move || requests.refetch());
    let list = when_read(move || async move {
        let caller = session::caller().await;
        either(
            requests.await,
            move |page| view! { <List address page answers caller/> },
        )
    });
    view! {
        <PageHead title=t!(requests_title) sub=t!(requests_sub).to_owned()/>
        {answers.approve.refusal().note()}
        {answers.refuse.refusal().note()}
        {list}
    }
    .into_any()
}

/// What can be done with the requests of the list.
#[derive(Clone, Copy)]
pub(super) struct Answers {
    pub(super) approve: FormAction<Approve>,
    pub(super) refuse: FormAction<Refuse>,
}

impl Answers {
    fn new(again: impl Fn() + 'static) -> Self {
        let answers = Self {
            approve: FormAction::new(),
            refuse: FormAction::new(),
        };
        // The button that was pressed goes with its row.
        let away = || browser::focus_in_place("page-title");
        Effect::new(move |_| {
            if answers.approve.done().with(Option::is_some) {
                toast(t!(request_is_approved));
                away();
            }
        });
        Effect::new(move |_| {
            if answers.refuse.done().with(Option::is_some) {
                toast(t!(request_is_refused));
                away();
            }
        });
        Effect::new(move |_| {
            // A request that could not be answered may have been by somebody else.
            if answers.approve.answered() || answers.refuse.answered() {
                again();
            }
        });
        answers
    }
}

#[component]
fn List(
    address: Memo<Address>,
    page: Page<RequestRow>,
    answers: Answers,
    caller: Option<Caller>,
) -> impl IntoView {
    let state = address.with_untracked(query).state;
    let answer =
        state == RequestState::Open && caller.is_some_and(|caller| caller.may(Permission::AnswerRequests));
    let pager = pager(address, &page);
    let tabs = RequestState::ALL
        .map(|tab| {
            let label = match tab {
                RequestState::Open => t!(request_open),
                RequestState::Approved => t!(request_approved),
                RequestState::Refused => t!(request_refused),
            };
            view! { <Tab href=format!("/requests?state={}", tab.as_str()) label current=tab == state/> }
        })
        .into_iter()
        .collect_any();
    let none = page.rows.is_empty();
    let list = if none {
        view! { <Empty title=t!(requests_empty_title) text=t!(requests_empty_text)/> }.into_any()
    } else {
        let answers = answer.then_some(answers);
        let rows = keyed(page.rows, |row| row.id.clone(), |row| request(row, answers));
        let head = view! {
            <Column label=t!(license_app)/>
            <Column label=t!(request_device)/>
            <Column label=t!(request_reason)/>
            <Column label=t!(request_made)/>
            <Column label=t!(request_free) number=true/>
            <Column label=t!(request_answer)/>
        };
        view! { <Table caption=t!(requests_title) head>{rows}</Table> }.into_any()
    };
    view! {
        <Tabs label=t!(requests_title)>{tabs}</Tabs>
        {(!none).then(|| view! { <div class="bar"><ExportLink address file="requests.csv"/></div> }.into_any())}
        {list}
        {pager}
    }
}
