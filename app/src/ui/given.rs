//! What a field is given to show. It takes the place of what was typed only when something else is given: a page that is read
//! again, for whatever reason, leaves the reader's words alone.

use leptos::tachys::{
    html::property::IntoProperty,
    renderer::{Rndr, types::Element},
};

/// For `prop:value`, beside a `value` of the same text, which is what the field begins with.
#[derive(Clone)]
pub struct Given(pub String);

impl IntoProperty for Given {
    type State = (Element, String);
    type Cloneable = Self;
    type CloneableOwned = Self;

    fn hydrate<const FROM_SERVER: bool>(self, field: &Element, key: &str) -> Self::State {
        self.build(field, key)
    }

    fn build(self, field: &Element, _: &str) -> Self::State {
        (field.clone(), self.0)
    }

    fn rebuild(self, (field, before): &mut Self::State, key: &str) {
        if *before != self.0 {
            Rndr::set_property(field, key, &self.0.as_str().into());
            *before = self.0;
        }
    }

    fn into_cloneable(self) -> Self {
        self
    }

    fn into_cloneable_owned(self) -> Self {
        self
    }
}
