//! The icon set: line drawings on a 16-unit grid, always beside words or inside a named control.

use leptos::prelude::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    Activity,
    Apps,
    Book,
    Check,
    Close,
    Device,
    Download,
    Drift,
    File,
    Group,
    Home,
    Info,
    License,
    More,
    People,
    Person,
    Plus,
    Reclaim,
    Request,
    Search,
    Shield,
    Sync,
    Token,
    Warning,
}

impl Icon {
    fn path(self) -> &'static str {
        match self {
            Icon::Activity => "M1 9h3l2-6 3 11 2-5h4",
            Icon::Apps => "M2 2h5v5H2zM9 2h5v5H9zM2 9h5v5H2zM9 9h5v5H9z",
            Icon::Book => "M3 2h9a1 1 0 011 1v11H4a1 1 0 01-1-1zM3 12.500A1.500 1.500 0 014.500 11H13",
            Icon::Check => "M3 8.500l3.500 3.500L13 4.500",
            Icon::Close => "M4 4l8 8M12 4l-8 8",
            Icon::Device => "M5 1h6v14H5zM7 13h2",
            Icon::Download => "M8 2v8M4.500 7L8 10.500 11.500 7M3 13.500h10",
            Icon::Drift => "M2 5h9M8 2l3 3-3 3M14 11H5M8 8l-3 3 3 3",
            Icon::File => "M4 1h5l3 3v11H4zM9 1v3h3",
            Icon::Group => {
                "M6 10.500A4.500 4.500 0 106 1.500a4.500 4.500 0 000 9zM10 14.500a4.500 4.500 0 100-9 4.500 4.500 0 000 9z"
            }
            Icon::Home => "M2 9l6-6 6 6v5H2z",
            Icon::Info => "M8 15A7 7 0 108 1a7 7 0 000 14zM8 7v4M8 4.800v.1",
            Icon::License => "M3 7h10v7H3zM5 7V5a3 3 0 016 0v2",
            Icon::More => "M3.500 8h.1M8 8h.1M12.500 8h.1",
            Icon::People => {
                "M6 8a2.500 2.500 0 100-5 2.500 2.500 0 000 5zM1 14c0-4.500 10-4.500 10 0M10.500 3.200a2.500 2.500 0 010 4.600M12 10.200c2 .4 3 1.600 3 3.800"
            }
            Icon::Person => "M8 8a3 3 0 100-6 3 3 0 000 6zM2 15c0-4 12-4 12 0",
            Icon::Plus => "M8 3v10M3 8h10",
            Icon::Reclaim => "M2 3v4h4M2.300 7A6 6 0 113.500 12M8 5v3.500l2.500 1.500",
            Icon::Request => "M2 2.500h12v8.500H7l-3.500 3V11H2zM5 5.500h6M5 8h4",
            Icon::Search => "M7 12A5 5 0 107 2a5 5 0 000 10zM10.600 10.600L14 14",
            Icon::Shield => "M8 1l6 2.500v4c0 4-3 6-6 7.500-3-1.500-6-3.500-6-7.500v-4zM5.500 8l2 2 3-3.500",
            Icon::Sync => {
                "M13 6A5.500 5.500 0 003.300 5M3 2v3.200h3.200M3 10a5.500 5.500 0 009.700 1M13 14v-3.200H9.800"
            }
            Icon::Token => "M8 1l6 3v4c0 4-3 6-6 7-3-1-6-3-6-7V4z",
            Icon::Warning => "M8 2l6.500 12h-13zM8 6.500V10M8 12v.1",
        }
    }

    pub fn view(self) -> impl IntoView {
        view! {
            <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
                <path d=self.path()/>
            </svg>
        }
    }
}

/// Pomona's mark, the fruit.
#[component]
pub fn Mark() -> impl IntoView {
    view! {
        <svg class="mark" viewBox="0 0 22 22" aria-hidden="true" focusable="false">
            <path class="mark-fruit" d="M11 6c-5-3-9 1-8 6s5 9 8 7c3 2 7-2 8-7s-3-9-8-6z"/>
            <path class="mark-leaf" d="M11 6c0-3 2-5 5-5 0 3-2 5-5 5z"/>
        </svg>
    }
}
