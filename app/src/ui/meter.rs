//! How much of a total is used: figures in words, and a bar beside them for the eye.

use crate::{i18n, t};
use leptos::prelude::*;

/// What the bar's colour says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MeterLevel {
    #[default]
    Enough,
    Low,
    Out,
}

impl MeterLevel {
    fn as_str(self) -> &'static str {
        match self {
            MeterLevel::Enough => "enough",
            MeterLevel::Low => "low",
            MeterLevel::Out => "out",
        }
    }
}

/// The bar's share in tenths of a per cent, so that no rounding differs between server and browser.
fn width(part: i64, total: i64) -> String {
    if total <= 0 {
        return "0".to_owned();
    }
    let tenths = part.clamp(0, total) * 1_000 / total;
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[component]
pub fn Meter(
    used: i64,
    /// None: without limit.
    total: Option<i64>,
    #[prop(optional)] level: MeterLevel,
) -> impl IntoView {
    let of = match total {
        Some(total) => t!(meter_of, total = total),
        None => t!(meter_unlimited).to_owned(),
    };
    let width = width(used, total.unwrap_or_default());
    view! {
        <div class="meter" data-level=level.as_str()>
            <span class="meter-figures"><b>{i18n::number(used)}</b> " " <span>{of}</span></span>
            <svg class="meter-bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" focusable="false">
                <rect class="meter-used" width=width height="6"/>
            </svg>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::width;

    #[test]
    fn a_bar_never_leaves_its_frame() {
        assert_eq!(width(412, 500), "82.4");
        assert_eq!(width(7, 5), "100.0");
        assert_eq!(width(-1, 5), "0.0");
        assert_eq!(width(1, 0), "0");
    }
}
