//! `/devices/import`: a CSV file with a preview first (D3). A plain form sends file or text here by POST and is
//! answered with this page again, the preview in it; with WebAssembly the preview comes by a call.

mod columns;
mod form;
mod preview;

use super::calls::{self, ImportCsv};
use crate::{
    call::Failure,
    i18n,
    reading::{reading, when_read},
    t,
    ui::{Address, ButtonLink, FaultNote, Note, PageHead, Tone, address},
};
use columns::Columns;
use contract::devices::CsvPreview;
use form::UploadForm;
use leptos::{either::Either, prelude::*};
use preview::Preview;
use serde::{Deserialize, Serialize};

/// What a plain form has sent: given by the server as context of the page.
#[derive(Clone, Debug)]
pub struct CsvUpload(pub String);

/// A text and what importing it would do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Checked {
    text: String,
    preview: Result<CsvPreview, Failure>,
}

async fn check(text: String) -> Checked {
    let preview = calls::preview_csv(text.clone()).await;
    Checked { text, preview }
}

#[lazy]
pub fn import_page() -> AnyView {
    let upload = use_context::<CsvUpload>();
    let address = address();
    let posted = reading(
        || (),
        move |()| {
            let upload = upload.clone();
            async move {
                match upload {
                    Some(CsvUpload(text)) => Ok(Some(check(text).await)),
                    None => Ok(None),
                }
            }
        },
    );
    when_read(move || async move {
        let posted = posted.await.ok().flatten();
        view! { <Import address posted/> }
    })
}

/// Either the form or, once something was sent, its preview.
#[component]
fn Import(address: Memo<Address>, posted: Option<Checked>) -> impl IntoView {
    let shown = RwSignal::new(posted);
    let action = ServerAction::<ImportCsv>::new();
    Effect::new(move |_| {
        if let Some(Ok(_)) = action.value().get() {
            shown.set(None);
        }
    });
    let refused = move || match action.value().get() {
        Some(Err(Failure(fault))) => Some(view! { <FaultNote fault/> }),
        _ => None,
    };
    let step = move || match shown.get() {
        Some(Checked {
            text,
            preview: Ok(preview),
        }) => Either::Left(view! { <Preview text preview action again=move || shown.set(None)/> }),
        other => {
            let (text, fault) = match other {
                Some(Checked {
                    text,
                    preview: Err(Failure(fault)),
                }) => (text, Some(fault)),
                _ => (String::new(), None),
            };
            Either::Right(view! {
                <Done address/>
                {fault.map(|fault| view! { <FaultNote fault/> })}
                <p class="lead">{t!(import_intro)}</p>
                <UploadForm text on_checked=move |checked| shown.set(Some(checked))/>
                <Columns/>
            })
        }
    };
    view! {
        <PageHead title=t!(import_title)/>
        {refused}
        {step}
    }
}

/// Where an import ends: this page, with its numbers in the address.
#[cfg_attr(not(feature = "ssr"), allow(dead_code))]
pub(super) fn done_address(done: &CsvPreview) -> String {
    let CsvPreview {
        added,
        changed,
        unchanged,
        bad,
        ..
    } = done;
    format!(
        "/devices/import?added={added}&changed={changed}&unchanged={unchanged}&bad={}",
        bad.len()
    )
}

/// What the last import did.
#[component]
fn Done(address: Memo<Address>) -> impl IntoView {
    move || {
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
        Some(view! {
            <div role="status">
                <Note tone title>
                    {left_out}
                    <div class="commands">
                        <ButtonLink href="/devices?sort=added&dir=down" label=t!(import_to_devices)/>
                    </div>
                </Note>
            </div>
        })
    }
}

/// Why a line is bad.
fn reason(code: contract::Code) -> String {
    match code {
        // Within one file: devices that are here already are changed, not refused.
        contract::Code::SerialTaken => t!(import_twice).to_owned(),
        other => i18n::field_words(other),
    }
}

#[cfg(test)]
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
            done_address(&done),
            "/devices/import?added=3&changed=1&unchanged=0&bad=0"
        );
    }
}
