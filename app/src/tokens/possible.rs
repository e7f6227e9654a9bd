//! What is possible with a token in its state: the table of the contract, in words (T3).

use crate::{
    t,
    ui::{Card, CollectAny, Fact, Facts, Tag, Tone},
};
use contract::tokens::{Deed, TABLE, TokenRow};
use leptos::prelude::*;

fn words(deed: Deed) -> &'static str {
    match deed {
        Deed::Look => t!(possible_look),
        Deed::Edit => t!(possible_edit),
        Deed::Sync => t!(possible_sync),
        Deed::Follow => t!(possible_follow),
        Deed::Assign => t!(possible_assign),
        Deed::Revoke => t!(possible_revoke),
        Deed::TakeControl => t!(possible_take_control),
        Deed::Renew => t!(possible_renew),
        Deed::Delete => t!(possible_delete),
    }
}

#[component]
pub(super) fn PossibleCard(
    token: TokenRow,
    /// Nobody manages the location: it can be claimed, although the token is in order.
    unclaimed: bool,
) -> impl IntoView {
    let lines = TABLE
        .into_iter()
        .map(|(deed, _)| {
            let (tone, label) = if token.allows(deed) || (unclaimed && deed == Deed::TakeControl) {
                (Tone::Good, t!(possible_yes))
            } else if token.read_only && token.state.allows(deed) {
                (Tone::Bad, t!(possible_refused))
            } else {
                (Tone::Plain, t!(possible_no))
            };
            view! { <Fact name=words(deed)><Tag tone label/></Fact> }
        })
        .collect_any();
    view! {
        <Card title=t!(possible_title)>
            <Facts>{lines}</Facts>
        </Card>
    }
}
