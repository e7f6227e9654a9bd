//! The table as the router takes it. All pages are one kind of route: the router's own nest of types, one for each page,
//! would be a good part of the first load.

use super::{MISSING, RouteSpec, TABLE, Wanted, part};
#[cfg(feature = "hydrate")]
use crate::browser;
use leptos::prelude::*;
use leptos_router::{
    ChooseView, GeneratedRouteData, MatchInterface, MatchNestedRoutes, MatchParams, Method, PathSegment,
    RouteMatchId, SsrMode,
};
use std::borrow::Cow;

/// The pages of [`TABLE`].
#[derive(Clone)]
pub struct Pages {
    /// One for each line of the table.
    ids: Vec<RouteMatchId>,
    missing: RouteMatchId,
}

impl Pages {
    pub fn new() -> Self {
        Self {
            ids: TABLE.iter().map(|_| RouteMatchId::new_from_route_id()).collect(),
            missing: RouteMatchId::new_from_route_id(),
        }
    }
}

impl MatchNestedRoutes for Pages {
    type Data = ();
    type Match = PageMatch;

    fn match_nested<'a>(&'a self, path: &'a str) -> (Option<(RouteMatchId, PageMatch)>, &'a str) {
        let found = TABLE
            .iter()
            .zip(&self.ids)
            .find_map(|(route, id)| Some((route, *id, part::matched(route.path, path)?)));
        let (route, id, params) = found.unwrap_or((&MISSING, self.missing, Vec::new()));
        let page = PageMatch {
            id,
            matched: path.to_owned(),
            params,
            route,
        };
        (Some((id, page)), "")
    }

    /// Pages are rendered whole, so that they are complete without WebAssembly and carry the right status.
    fn generate_routes(&self) -> impl IntoIterator<Item = GeneratedRouteData> + '_ {
        TABLE.iter().map(|route| GeneratedRouteData {
            segments: part::of(route.path)
                .map(|part| match part.strip_prefix(':') {
                    Some(name) => PathSegment::Param(name.into()),
                    None => PathSegment::Static(part.into()),
                })
                .collect(),
            ssr_mode: SsrMode::Async,
            methods: [Method::Get].into(),
            regenerate: Vec::new(),
        })
    }

    fn optional(&self) -> bool {
        false
    }
}

/// A path that is a page's.
pub struct PageMatch {
    id: RouteMatchId,
    matched: String,
    params: Vec<(&'static str, String)>,
    route: &'static RouteSpec,
}

impl MatchParams for PageMatch {
    fn to_params(&self) -> Vec<(Cow<'static, str>, String)> {
        let params = self.params.iter();
        params
            .map(|(name, value)| ((*name).into(), value.clone()))
            .collect()
    }
}

impl MatchInterface for PageMatch {
    /// No page is inside another.
    type Child = PageMatch;

    fn as_id(&self) -> RouteMatchId {
        self.id
    }

    fn as_matched(&self) -> &str {
        &self.matched
    }

    fn into_view_and_child(self) -> (impl ChooseView, Option<PageMatch>) {
        (Chosen(self.route), None)
    }
}

#[derive(Clone)]
struct Chosen(&'static RouteSpec);

impl ChooseView for Chosen {
    async fn choose(self) -> AnyView {
        #[cfg(feature = "ssr")]
        let ahead = super::preload::Ahead::begin();
        #[cfg(feature = "hydrate")]
        browser::breath().await;
        let page = (self.0.section)(Wanted::Page(self.0.path)).await;
        #[cfg(feature = "ssr")]
        ahead.name();
        page
    }

    async fn preload(&self) {}
}
