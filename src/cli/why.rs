//! `mqlab why`: the causes of what happened, what kept something from happening, and the point of no return.

use super::args::WhyArgs;
use super::exit::Exit;
use super::failure::{Failure, shown};
use super::input::{self, Input};
use super::load::{Ready, Source};
use super::output::Output;
use super::run::token;
use crate::explore::{self, Fate, How};
use crate::export::reasons;
use crate::export::view::{Settings, Viewed, accounts, paragraph};
use crate::ids::{EventId, Name, nearest};
use crate::story::{causes, end_grounds, grounds, tell_events};
use crate::timeline::text::{Page, Style};
use crate::trace::{Kind, Log, visible};
use crate::verdict::Account;
use crate::world::{RULES, VERBS};

pub(super) fn why(args: &WhyArgs, out: &mut Output) -> Result<Exit, Failure> {
    match input::open(&args.file)? {
        Input::Trace(log) => {
            let given = args.variant.is_some() || args.seed.is_some() || args.replay.is_some() || args.fate.is_some();
            if given {
                let says =
                    "is a recorded trace: --variant, --seed, --replay and --fate need a scenario that can be run";
                return Err(Failure::usage(format!("{} {says}", shown(&args.file))));
            }
            let findings = explore::judge(&log);
            let viewed = Viewed { log: &log, findings: &findings, checked: &[], verbs: VERBS, rules: RULES };
            answer(args, &viewed, out)
        }
        Input::Scenario { name, bytes } => {
            let ready = Source::read(&name, &bytes, out.look)?.select(args.variant.as_deref())?;
            let how =
                How { seed: args.seed, replay: args.replay.as_deref().map(|text| token(text, &ready)).transpose()? };
            let run = explore::run(&ready.plan, ready.digest, &ready.expect, &how);
            let viewed =
                Viewed { log: &run.log, findings: &run.findings, checked: &run.checked, verbs: VERBS, rules: RULES };
            match &args.fate {
                Some(message) => sealed(message, &ready, &how, &viewed, out),
                None => answer(args, &viewed, out),
            }
        }
    }?;
    Ok(Exit::Holds)
}

fn answer(args: &WhyArgs, viewed: &Viewed<'_>, out: &mut Output) -> Result<(), Failure> {
    let settings = Settings { width: out.look.width, glyphs: out.look.glyphs, full: args.full, ..Settings::default() };
    let accounts = accounts(viewed);
    let account = args.message.as_deref().map(|id| find(viewed.log, &accounts, id)).transpose()?;
    if let Some((account, stage)) = account.zip(args.not) {
        return out.page(&reasons::not(viewed, account.message, stage.0, &settings));
    }
    let event = match (args.event, account) {
        (Some(step), _) => step_of(viewed.log, step)?,
        (None, Some(account)) => account.decided,
        (None, None) => return Ok(()),
    };
    if let Some(account) = account {
        out.page(&reasons::account(viewed, account, &settings))?;
        out.line("")?;
        if args.event.is_some() && !is_about(viewed.log, event, account.message) {
            let says = format!(
                "step {} is not about {}; its causes all the same:",
                event.step(),
                shown_name(viewed.log, account.message)
            );
            say(Style::Dim, &says, out)?;
        }
    }
    if args.depth == 1 {
        out.page(&reasons::line(viewed, event, &settings))?;
    } else {
        out.styled(Style::Name, &format!("Why step {} happened", event.step()))?;
        out.page(&reasons::chain(viewed, event, &settings))?;
        grounded(viewed, event, account, &settings, out)?;
    }
    if args.depth == 3 {
        out.line("")?;
        out.page(&reasons::rule(viewed, event, &settings))?;
    }
    out.line("")?;
    out.page(&reasons::known_by(viewed, event, "it", &settings))?;
    if args.depth == 1 {
        return Ok(());
    }
    // Who feels a fault is often another question than who sees what came of it.
    let root = causes(viewed.log, event).last().copied();
    let fault = root.filter(|id| matches!(viewed.log.events()[id.at()].kind, Kind::Fault(_)) && *id != event);
    if let Some(fault) = fault {
        out.line("")?;
        out.page(&reasons::known_by(viewed, fault, "the fault", &settings))?;
    }
    Ok(())
}

/// What made it so, besides the triggers.
fn grounded(
    viewed: &Viewed<'_>,
    event: EventId,
    account: Option<&Account>,
    settings: &Settings,
    out: &mut Output,
) -> Result<(), Failure> {
    let found = match account.filter(|account| account.decided == event) {
        Some(account) => end_grounds(viewed.log, &viewed.verbs, account.message, event),
        None => grounds(viewed.log, &viewed.verbs, event, Name::NONE),
    };
    if found.is_empty() {
        return Ok(());
    }
    out.line("")?;
    out.page(&reasons::grounds(viewed, &found, &[event], settings))
}

/// The account of a message by its id.
fn find<'a>(log: &Log, accounts: &'a [Account], id: &str) -> Result<&'a Account, Failure> {
    let found = accounts.iter().find(|account| log.names.text(account.message) == id);
    found.ok_or_else(|| {
        let texts: Vec<String> = accounts.iter().map(|account| log.names.text(account.message)).collect();
        let help = match nearest(id, texts.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{}`?", visible(near)),
            None if texts.is_empty() => "no message comes up in this run".to_owned(),
            None => "`mqlab run FILE --view ledger` lists the messages".to_owned(),
        };
        Failure::usage(format!("no message of this run is called {}\nhelp: {help}", shown(id)))
    })
}

fn step_of(log: &Log, step: u32) -> Result<EventId, Failure> {
    let id = EventId(step - 1);
    if log.event(id).is_none() {
        return Err(Failure::usage(format!("there is no step {step}: the run has {}", log.events().len())));
    }
    Ok(id)
}

fn is_about(log: &Log, id: EventId, message: Name) -> bool {
    match log.events()[id.at()].kind {
        Kind::Note { message: about, .. } => about == message,
        Kind::Sent(frame) | Kind::Arrived(frame) | Kind::Lost(frame) | Kind::Ignored(frame) => {
            log.frame(frame).is_some_and(|frame| frame.message == message)
        }
        _ => false,
    }
}

fn shown_name(log: &Log, message: Name) -> String {
    log.shown(message).unwrap_or_default()
}

fn say(style: Style, text: &str, out: &mut Output) -> Result<(), Failure> {
    let lines = paragraph(style, text, out.look.width).collect();
    out.page(&Page { lines })
}

/// The point of no return.
fn sealed(message: &str, ready: &Ready, how: &How, viewed: &Viewed<'_>, out: &mut Output) -> Result<(), Failure> {
    let id = visible(message);
    match explore::fate(&ready.plan, how, message) {
        Fate::Unknown => find(viewed.log, &accounts(viewed), message).map(drop),
        Fate::Kept => {
            say(Style::Name, &format!("{id} is not lost in this run, so there is no point of no return."), out)
        }
        Fate::Sealed { after: None, tried, .. } => say(
            Style::Name,
            &format!("{id} is lost whatever comes: none of {tried} continuations from the start saves it."),
            out,
        ),
        Fate::Sealed { after: Some(after), tried, saving } => {
            say(Style::Name, &format!("The fate of {id} is sealed with step {}", after.step()), out)?;
            let told = tell_events(viewed.log, &VERBS, &RULES, &[after]);
            if let Some(sentence) = told.first() {
                say(Style::Plain, &format!("  {}", sentence.text), out)?;
            }
            let (all, kept) = saving;
            say(
                Style::Plain,
                &format!(
                    "Just before, {kept} of {all} continuations still save it; from here on none does. Tried: the run going \
                     on with the faults that are still to come, without any of them, without each alone, each under {} \
                     seeds; {tried} continuations in all. This is what was tried, not a proof.",
                    explore::SEEDS
                ),
                out,
            )
        }
    }
}
