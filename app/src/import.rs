//! Uploads of devices and of people: a CSV file with a preview first (D3). A plain form sends file or text to the page by
//! POST and is answered with the page again, the preview in it; with WebAssembly the preview comes by a call.

pub mod calls;
mod columns;
mod form;
mod preview;

use crate::{
    call::Failure,
    form::FormAction,
    i18n,
    reading::{reading, when_read},
    t,
    ui::{Address, ButtonLink, FaultNote, Note, PageHead, Tone, address, changing},
};
pub use calls::What;
use calls::Write;
use columns::Columns;
use contract::csv::CsvPreview;
use form::UploadForm;
use leptos::prelude::*;
use preview::Preview;
use serde::{Deserialize, Serialize};

/// What a plain form has sent: given by the server as context of the page.
#[derive(Clone, Debug, Default)]
pub struct CsvUpload {
    pub text: String,
    /// Not from a file.
    pub pasted: bool,
    /// The lines were looked at, and are to be changed.
    pub back: bool,
}

/// A column of a file: its name there, its heading here, and what it means.
pub type ColumnWords = (&'static str, &'static str, &'static str);

/// What differs between the uploads.
#[derive(Clone, Copy)]
pub struct Upload {
    pub what: What,
    pub intro: &'static str,
    /// In the order of a preview's cells.
    pub columns: fn() -> Vec<ColumnWords>,
    /// A cell of a column, in the reader's words.
    pub cell: fn(&str, String) -> String,
    /// Why a line of a key that an earlier line has is bad.
    pub twice: &'static str,
    /// Where the list is, and words for the way there.
    pub list: (&'static str, &'static str),
}

impl Upload {
    pub(crate) fn path(self) -> &'static str {
        self.what.path()
    }
}

/// A text and what importing it would do; without that, the text is to be changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Checked {
    text: String,
    pasted: bool,
    preview: Option<Result<CsvPreview, Failure>>,
}

async fn check(what: What, sent: CsvUpload) -> Checked {
    let CsvUpload { text, pasted, back } = sent;
    let preview = match back {
        true => None,
        false => Some(calls::preview(what, text.clone()).await),
    };
    Checked {
        text,
        pasted,
        preview,
    }
}

/// The whole page.
pub fn page(upload: Upload) -> AnyView {
    let sent = use_context::<CsvUpload>();
    let address = address();
    let posted = reading(
        || (),
        move |()| {
            let sent = sent.clone();
            async move {
                match sent {
                    Some(sent) => Ok(Some(check(upload.what, sent).await)),
                    None => Ok(None),
                }
            }
        },
    );
    when_read(move || async move {
        let posted = posted.await.ok().flatten();
        view! { <Import upload address posted/> }
    })
}

/// Either the form or, once something was sent, its preview.
#[component]
fn Import(upload: Upload, address: Memo<Address>, posted: Option<Checked>) -> impl IntoView {
    let shown = RwSignal::new(posted);
    let action = FormAction::<Write>::new();
    Effect::new(move |_| {
        if action.done().get().is_some() {
            shown.set(None);
        }
    });
    let again = move || {
        shown.update(|shown| {
            let pasted = shown.take().filter(|checked| checked.pasted);
            *shown = pasted.map(|checked| Checked {
                preview: None,
                ..checked
            });
        });
    };
    let refused = action.refusal().note();
    let step = changing(move || match shown.get() {
        Some(Checked {
            text,
            pasted,
            preview: Some(Ok(preview)),
        }) => view! { <Preview upload text pasted preview action again/> }.into_any(),
        other => {
            let done = other.is_none().then(|| view! { <Done upload address/> });
            let (text, fault) = match other {
                Some(Checked { text, preview, .. }) => (text, preview.and_then(Result::err)),
                None => (String::new(), None),
            };
            let fault = fault.map(|Failure(fault)| fault);
            view! {
                {done}
                {fault.map(|fault| view! { <FaultNote fault/> })}
                <p class="lead">{upload.intro}</p>
                <UploadForm upload text on_checked=move |checked| shown.set(Some(checked))/>
                <Columns upload/>
            }
            .into_any()
        }
    });
    view! {
        <PageHead title=t!(import_title)/>
        {refused}
        {step}
    }
}

/// Where an import ends: the page, with its numbers in the address.
#[cfg(feature = "ssr")]
fn done_address(what: What, done: &CsvPreview) -> String {
    let CsvPreview {
        added,
        changed,
        unchanged,
        ..
    } = done;
    format!(
        "{}?added={added}&changed={changed}&unchanged={unchanged}&bad={}",
        what.path(),
        done.bad_lines
    )
}

/// What the last import did.
#[component]
fn Done(upload: Upload, address: Memo<Address>) -> impl IntoView {
    changing(move || {
        let figure = |name: &str| address.with(|address| address.get(name).parse::<i64>().ok());
        let (added, changed, unchanged) = (figure("added")?, figure("changed")?, figure("unchanged")?);
        let bad = figure("bad").unwrap_or_default();
        let title = t!(
            import_done,
            added = added,
            changed = changed,
            unchanged = unchanged
        );
        let tone = if bad > 0 { Tone::Warn } else { Tone::Good };
        let left_out = (bad > 0).then(|| view! { <p>{t!(import_done_bad, count = bad)}</p> });
        let (href, label) = upload.list;
        Some(view! {
            <div role="status">
                <Note tone title>
                    {left_out}
                    <div class="commands">
                        <ButtonLink href label/>
                    </div>
                </Note>
            </div>
        })
    })
}

/// Why a line is bad.
fn reason(upload: Upload, code: contract::Code) -> String {
    match code {
        // Within one file: what is here already is changed, not refused.
        contract::Code::SerialTaken | contract::Code::UserNameTaken => upload.twice.to_owned(),
        other => i18n::field_words(other),
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn an_import_ends_at_an_address_with_its_numbers() {
        let done = CsvPreview {
            added: 3,
            changed: 1,
            ..CsvPreview::default()
        };
        assert_eq!(
            done_address(What::Devices, &done),
            "/devices/import?added=3&changed=1&unchanged=0&bad=0"
        );
    }
}
