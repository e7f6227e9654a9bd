//! Views of one kind, whatever is in them: each further kind of list or closure would be code that the browser loads.

use leptos::prelude::*;

/// What changes, as the one kind of closure that [`changing`] makes.
type Changing = Box<dyn Fn() -> AnyView + Send>;

/// What is shown anew whenever something that `view` reads has changed.
pub fn changing<V: IntoView + 'static>(view: impl Fn() -> V + Send + 'static) -> AnyView {
    of_one_kind(Box::new(move || view().into_any()))
}

fn of_one_kind(view: Changing) -> AnyView {
    (move || view()).into_any()
}

/// The views of a list.
pub trait CollectAny {
    fn collect_any(self) -> Vec<AnyView>;
}

impl<Views: IntoIterator<Item: IntoView>> CollectAny for Views {
    fn collect_any(self) -> Vec<AnyView> {
        self.into_iter().map(IntoAny::into_any).collect()
    }
}
