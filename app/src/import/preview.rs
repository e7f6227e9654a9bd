//! What an upload would do: the numbers, the bad lines, some of the good ones, and the button that does it.

use super::{ColumnWords, Upload, calls::Write, reason};
use crate::{
    browser,
    form::{ActionForm, FormAction},
    i18n, t,
    ui::{CollectAny, Column, Kind, Note, Stat, Stats, Submit, Table, Tone, as_written},
};
use contract::csv::{CsvChange, CsvDifference, CsvPreview, CsvProblem};
use leptos::{ev, prelude::*};

#[component]
pub fn Preview(
    upload: Upload,
    text: String,
    /// Not from a file.
    pasted: bool,
    preview: CsvPreview,
    action: FormAction<Write>,
    /// Back to the form, with the lines if they were pasted.
    again: impl Fn() + Copy + 'static,
) -> impl IntoView {
    let CsvPreview {
        added,
        changed,
        unchanged,
        bad_lines,
        problems,
        bad,
        changes,
        ignored,
        sample,
    } = preview;
    let good = added + changed + unchanged;
    let back = match pasted {
        true => view! { <BackToLines upload again/> }.into_any(),
        false => view! {
            <a class="button" href=upload.path() on:click=move |_| again()>{t!(import_again)}</a>
        }
        .into_any(),
    };
    let lines = view! { <textarea name="text" hidden=true aria-hidden="true">{as_written(&text)}</textarea> };
    let why = match bad_lines {
        0 => t!(import_empty_text),
        _ => t!(import_none_text),
    };
    let next = if good > 0 {
        view! {
            <ActionForm action=action>
                <input type="hidden" name="what" value=upload.what.as_str()/>
                {lines}
                <div class="commands">
                    <Submit kind=Kind::Main label=t!(import_do, count = good) pending=action.pending()/>
                    {back}
                </div>
            </ActionForm>
        }
        .into_any()
    } else {
        view! {
            <Note tone=Tone::Bad title=t!(import_none)>
                <p>{why}</p>
                <form method="post" enctype="multipart/form-data">
                    {lines}
                    <div class="commands">{back}</div>
                </form>
            </Note>
        }
        .into_any()
    };
    let stat = |figure: i64, label: String| view! { <Stat figure=i18n::number(figure) label/> };
    view! {
        <h2 class="section" id="preview" tabindex="-1">{t!(import_preview_title)}</h2>
        <Stats>
            {stat(added, t!(import_added).to_owned())}
            {stat(changed, t!(import_changed).to_owned())}
            {stat(unchanged, t!(import_unchanged).to_owned())}
            {stat(bad_lines, t!(import_bad, count = bad_lines))}
        </Stats>
        {ignored_columns(&ignored)}
        {next}
        <BadLines upload bad problems/>
        <Changes upload changes lines={added + changed}/>
        <Sample upload lines=sample/>
    }
}

/// Sends the lines that stand in its form to the page, which then has them in its own.
#[component]
fn BackToLines(upload: Upload, again: impl Fn() + 'static) -> impl IntoView {
    let back = move |event: ev::MouseEvent| {
        event.prevent_default();
        again();
        request_animation_frame(|| browser::focus("text"));
    };
    view! {
        <button
            class="button"
            type="submit"
            name="back"
            value="true"
            formmethod="post"
            formaction=upload.path()
            formenctype="multipart/form-data"
            on:click=back
        >
            {t!(import_again_lines)}
        </button>
    }
}

#[component]
fn BadLines(
    upload: Upload,
    bad: Vec<CsvProblem>,
    /// How many there are; a file can have very many.
    problems: i64,
) -> impl IntoView {
    let more = problems - i64::try_from(bad.len()).unwrap_or(problems);
    (!bad.is_empty()).then(|| {
        let rows = bad.into_iter().map(|bad| bad_line(upload, bad)).collect_any();
        let head = view! {
            <Column label=t!(import_line)/>
            <Column label=t!(import_column)/>
            <Column label=t!(import_reason)/>
            <Column label=t!(import_value)/>
        };
        view! {
            <h2 class="section">{t!(import_bad_title)}</h2>
            <Table caption=t!(import_bad_title) head>{rows}</Table>
            {(more > 0).then(|| view! { <p class="muted small">{t!(import_bad_more, count = more)}</p> })}
        }
        .into_any()
    })
}

fn bad_line(upload: Upload, bad: CsvProblem) -> impl IntoView {
    let choices = bad.choices.join(", ");
    let choices = (!choices.is_empty())
        .then(|| view! { <p class="small muted">{t!(import_choices, choices = choices)}</p> });
    view! {
        <tr>
            <th scope="row">{i18n::number(bad.line)}</th>
            <td data-label=t!(import_column)><code>{bad.column}</code></td>
            <td data-label=t!(import_reason)>{reason(upload, bad.code)} {choices}</td>
            <td data-label=t!(import_value)>{bad.value}</td>
        </tr>
    }
}

fn ignored_columns(ignored: &[String]) -> Option<AnyView> {
    let names = ignored.join(", ");
    (!names.is_empty()).then(|| {
        view! {
            <Note tone=Tone::Warn title=t!(import_ignored)>
                <p>{names}</p>
            </Note>
        }
        .into_any()
    })
}

fn cell_words(upload: Upload, column: &str, cell: String) -> String {
    if cell.is_empty() {
        return cell;
    }
    (upload.cell)(column, cell)
}

#[component]
fn Changes(
    upload: Upload,
    changes: Vec<CsvChange>,
    /// How many lines add or change something.
    lines: i64,
) -> impl IntoView {
    let last = changes.last().map(|change| change.line)?;
    let all = changes.len() < CsvPreview::CHANGES;
    let columns = (upload.columns)();
    let head = view! {
        <Column label=t!(import_line)/>
        <Column label=columns.first().map_or("", |(_, label, _)| *label)/>
        <Column label=t!(import_column)/>
        <Column label=t!(import_before)/>
        <Column label=t!(import_after)/>
    };
    let rows = changes
        .into_iter()
        .map(|change| change_line(upload, &columns, change))
        .collect_any();
    let more = (!all).then(|| {
        view! { <p class="muted small">{t!(import_changes_more, line = last, count = lines)}</p> }
    });
    Some(view! {
        <h2 class="section">{t!(import_changes_title)}</h2>
        <Table caption=t!(import_changes_title) head>{rows}</Table>
        {more}
    })
}

fn change_line(upload: Upload, columns: &[ColumnWords], change: CsvChange) -> AnyView {
    let key_label = columns.first().map_or("", |(_, label, _)| *label);
    let (column, before, after) = match change.what {
        CsvDifference::New => (t!(import_new).to_owned(), String::new(), String::new()),
        CsvDifference::Column {
            column,
            before,
            after,
        } => {
            let label = columns
                .iter()
                .find(|(name, ..)| *name == column)
                .map_or_else(|| column.clone(), |(_, label, _)| (*label).to_owned());
            let before = cell_words(upload, &column, before);
            let after = cell_words(upload, &column, after);
            (label, before, after)
        }
    };
    view! {
        <tr>
            <th scope="row">{i18n::number(change.line)}</th>
            <td data-label=key_label>{change.key}</td>
            <td data-label=t!(import_column)>{column}</td>
            <td data-label=t!(import_before)>{before}</td>
            <td data-label=t!(import_after)>{after}</td>
        </tr>
    }
    .into_any()
}

#[component]
fn Sample(upload: Upload, lines: Vec<Vec<String>>) -> impl IntoView {
    (!lines.is_empty()).then(|| {
        let columns = (upload.columns)();
        let head = columns
            .iter()
            .map(|(_, label, _)| view! { <Column label=*label/> })
            .collect_any();
        let rows = lines
            .into_iter()
            .map(|line| {
                let cells =
                    columns
                        .iter()
                        .zip(line)
                        .enumerate()
                        .map(|(place, ((column, label, _), cell))| {
                            let words = cell_words(upload, column, cell);
                            if place == 0 {
                                view! { <th scope="row">{words}</th> }.into_any()
                            } else {
                                view! { <td data-label=*label>{words}</td> }.into_any()
                            }
                        });
                view! { <tr>{cells.collect_any()}</tr> }
            })
            .collect_any();
        view! {
            <h2 class="section">{t!(import_sample_title)}</h2>
            <Table caption=t!(import_sample_title) head>{rows}</Table>
        }
        .into_any()
    })
}
