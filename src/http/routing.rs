//! The methods of a path, as `axum::routing` has them, of handlers whose type is forgotten at once.
//!
//! axum builds some eight types around each handler and asks each of them anew whether the handler's future is `Send`,
//! through everything that it awaits: two fifths of the time that the library takes to compile, with a method of each
//! type for each handler in the program. Behind a pointer they are built once for all. Several methods of a path are
//! merged (`get(show).merge(post(submit))`): axum's own `.post(submit)` would build them again.

use std::pin::Pin;
use std::sync::Arc;

use axum::extract::Request;
use axum::handler::Handler;
use axum::response::Response;
pub use axum::routing::{MethodFilter, MethodRouter};

/// The future of axum's own handlers, so that a pointer to it needs no second allocation.
type ResponseFuture = Pin<Box<dyn Future<Output = Response> + Send>>;

/// A handler of which the type does not say which one it is.
struct AnyHandler<S>(Arc<dyn Fn(Request, S) -> ResponseFuture + Send + Sync>);

impl<S> Clone for AnyHandler<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: 'static> Handler<(), S> for AnyHandler<S> {
    type Future = ResponseFuture;

    fn call(self, request: Request, state: S) -> ResponseFuture {
        (self.0)(request, state)
    }
}

/// Routes the methods of `filter` to `handler`.
pub fn on<H, T, S>(filter: MethodFilter, handler: H) -> MethodRouter<S>
where
    H: Handler<T, S, Future = ResponseFuture>,
    S: Clone + Send + Sync + 'static,
{
    axum::routing::on(filter, AnyHandler(Arc::new(move |request, state| handler.clone().call(request, state))))
}

macro_rules! methods {
    ($($name:ident, $filter:ident;)*) => {$(
        #[doc = concat!("Routes ", stringify!($filter), " to `handler`.")]
        pub fn $name<H, T, S>(handler: H) -> MethodRouter<S>
        where
            H: Handler<T, S, Future = ResponseFuture>,
            S: Clone + Send + Sync + 'static,
        {
            on(MethodFilter::$filter, handler)
        }
    )*};
}

methods! {
    get, GET;
    post, POST;
    put, PUT;
    delete, DELETE;
    options, OPTIONS;
}
