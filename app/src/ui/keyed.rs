//! The rows of a list that may change under a reader's hands, by news or by another filter. Each stays itself for as long as
//! it is in the list: a tick, an opened line and what is typed go along with it, and away with it. A plain list would leave
//! them in their places, to whatever comes there.

use leptos::{
    prelude::*,
    tachys::{
        html::attribute::{Attribute, any_attribute::AnyAttribute},
        hydration::Cursor,
        renderer::{Rndr, types},
        ssr::StreamBuilder,
        view::{Mountable, Position, PositionState, any_view::AnyViewState},
    },
};
use std::collections::HashMap;

/// `key` tells each from all others of the list.
pub fn keyed<T, K: ToString, V: IntoView>(
    each: Vec<T>,
    key: impl Fn(&T) -> K,
    view: impl Fn(T) -> V,
) -> AnyView {
    let rows = each
        .into_iter()
        .map(|one| (key(&one).to_string(), view(one).into_any()));
    Rows(rows.collect()).into_any()
}

struct Rows(Vec<(String, AnyView)>);

struct RowsState {
    rows: Vec<(String, AnyViewState)>,
    /// Behind the last of them.
    end: types::Placeholder,
}

impl Rows {
    fn views(self) -> Vec<AnyView> {
        self.0.into_iter().map(|(_, view)| view).collect()
    }
}

impl Render for Rows {
    type State = RowsState;

    fn build(self) -> RowsState {
        let rows = self.0.into_iter().map(|(key, view)| (key, view.build()));
        RowsState {
            rows: rows.collect(),
            end: Rndr::create_placeholder(),
        }
    }

    fn rebuild(self, state: &mut RowsState) {
        let mut old = HashMap::new();
        for (place, (key, row)) in std::mem::take(&mut state.rows).into_iter().enumerate() {
            if let Some((_, mut twin)) = old.insert(key, (place, row)) {
                twin.unmount();
            }
        }
        let mut last = None;
        let mut rows: Vec<_> = self
            .0
            .into_iter()
            .map(|(key, view)| {
                let Some((place, mut row)) = old.remove(&key) else {
                    return (key, view.build(), false);
                };
                view.rebuild(&mut row);
                // Whoever came behind its neighbour before can stay where it is: what is moved loses the focus.
                let stays = last.is_none_or(|last| last < place);
                if stays {
                    last = Some(place);
                }
                (key, row, stays)
            })
            .collect();
        for (_, mut gone) in old.into_values() {
            gone.unmount();
        }
        let mut behind: Vec<(String, AnyViewState)> = Vec::with_capacity(rows.len());
        while let Some((key, mut row, stays)) = rows.pop() {
            if !stays {
                match behind.last() {
                    Some((_, next)) => next.insert_before_this(&mut row),
                    None => Rndr::try_mount_before(&mut row, state.end.as_ref()),
                };
            }
            behind.push((key, row));
        }
        behind.reverse();
        state.rows = behind;
    }
}

impl Mountable for RowsState {
    fn unmount(&mut self) {
        self.rows.iter_mut().for_each(|(_, row)| row.unmount());
        self.end.unmount();
    }

    fn mount(&mut self, parent: &types::Element, marker: Option<&types::Node>) {
        for (_, row) in &mut self.rows {
            row.mount(parent, marker);
        }
        self.end.mount(parent, marker);
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        let first = self.rows.first();
        first.is_some_and(|(_, row)| row.insert_before_this(child)) || self.end.insert_before_this(child)
    }

    fn elements(&self) -> Vec<types::Element> {
        self.rows.iter().flat_map(|(_, row)| row.elements()).collect()
    }
}

impl AddAnyAttr for Rows {
    type Output<A: Attribute> = Rows;

    fn add_any_attr<A: Attribute>(self, attribute: A) -> Rows {
        let attribute = attribute.into_cloneable_owned();
        let rows = self.0.into_iter();
        Rows(
            rows.map(|(key, view)| (key, view.add_any_attr(attribute.clone()).into_any()))
                .collect(),
        )
    }
}

/// The same words as those of a plain list.
impl RenderHtml for Rows {
    type AsyncOutput = <Vec<AnyView> as RenderHtml>::AsyncOutput;
    type Owned = Self;

    const MIN_LENGTH: usize = 0;

    fn dry_resolve(&mut self) {
        self.0.iter_mut().for_each(|(_, view)| view.dry_resolve());
    }

    async fn resolve(self) -> Self::AsyncOutput {
        self.views().resolve().await
    }

    fn html_len(&self) -> usize {
        self.0.iter().map(|(_, view)| view.html_len()).sum()
    }

    fn to_html_with_buf(
        self,
        buf: &mut String,
        position: &mut Position,
        escape: bool,
        mark_branches: bool,
        extra_attrs: Vec<AnyAttribute>,
    ) {
        self.views()
            .to_html_with_buf(buf, position, escape, mark_branches, extra_attrs);
    }

    fn to_html_async_with_buf<const OUT_OF_ORDER: bool>(
        self,
        buf: &mut StreamBuilder,
        position: &mut Position,
        escape: bool,
        mark_branches: bool,
        extra_attrs: Vec<AnyAttribute>,
    ) {
        self.views().to_html_async_with_buf::<OUT_OF_ORDER>(
            buf,
            position,
            escape,
            mark_branches,
            extra_attrs,
        );
    }

    fn hydrate<const FROM_SERVER: bool>(self, cursor: &Cursor, position: &PositionState) -> RowsState {
        let rows = self.0.into_iter();
        let rows = rows
            .map(|(key, view)| (key, view.hydrate::<FROM_SERVER>(cursor, position)))
            .collect();
        let end = cursor.next_placeholder(position);
        position.set(Position::NextChild);
        RowsState { rows, end }
    }

    async fn hydrate_async(self, cursor: &Cursor, position: &PositionState) -> RowsState {
        let mut rows = Vec::with_capacity(self.0.len());
        for (key, view) in self.0 {
            rows.push((key, view.hydrate_async(cursor, position).await));
        }
        let end = cursor.next_placeholder(position);
        position.set(Position::NextChild);
        RowsState { rows, end }
    }

    fn into_owned(self) -> Self {
        self
    }
}
