//! The words of recordings against the methods of the model.

use super::words::{METHODS, check};
use super::{Session, methods, version_of};
use crate::ids::Names;
use crate::machine::{Did, Replayer, Rows, Unfit, Value};

fn did(what: &str, args: Rows) -> Did {
    Did {
        channel: u16::from(!what.starts_with("conn") && !["tcp.abort", "heartbeat"].contains(&what)),
        what: what.to_owned(),
        args,
    }
}

#[test]
fn every_method_of_the_table_is_one_of_the_model() {
    let mut names = Names::new();
    for (what, _) in METHODS {
        let step = did(what, Rows::new());
        assert_eq!(check(&step), Ok(()), "{what}");
        let sends = !["connect", "tcp.abort", "wait", "start"].contains(what);
        assert_eq!(methods::method(&step, &mut names).is_some(), sends, "{what}");
    }
}

#[test]
fn what_is_left_out_of_the_model_is_told_from_what_is_unknown() {
    let says = |what: &str| check(&did(what, Rows::new())).unwrap_err().0;
    assert_eq!(says("connection.update-secret"), "the method connection.update-secret is not modelled");
    assert_eq!(says("queue.declare-ok"), "`queue.declare-ok` is no method that a client can send");
    let connect = |key: &str, value: Value| Session::check(&did("connect", vec![(key.into(), value)]));
    assert_eq!(connect("user", Value::text("u1")), Err(Unfit("the user u1 is not known to a fresh node".into())));
    assert_eq!(
        connect("mechanism", Value::text("EXTERNAL")),
        Err(Unfit("to log in by EXTERNAL is not modelled".into()))
    );
    assert_eq!(connect("locale", Value::text("en_US")), Ok(()));
}

#[test]
fn versions_are_known_by_their_first_two_numbers() {
    assert!(version_of("3.10").is_some() && version_of("3.10.8") == version_of("3.10"));
    assert!(version_of("3.1").is_none() && version_of("").is_none() && version_of("4").is_none());
    assert!(Session::VERSIONS.iter().all(|version| version_of(version).is_some()));
}
