"""Django with mozilla-django-oidc, as its documentation says; people are known by `sub`, because none has an address."""

from urllib.parse import urlencode

import party

party.configure(
    APPS=["mozilla_django_oidc"],
    MIDDLEWARES=["mozilla_django_oidc.middleware.SessionRefresh"],
    AUTHENTICATION_BACKENDS=["__main__.Backend"],
    OIDC_RP_CLIENT_ID=party.CLIENT_ID,
    OIDC_RP_CLIENT_SECRET=party.CLIENT_SECRET,
    OIDC_OP_AUTHORIZATION_ENDPOINT=f"{party.ISSUER}/oauth2/authorize",
    OIDC_OP_TOKEN_ENDPOINT=f"{party.ISSUER}/oauth2/token",
    OIDC_OP_USER_ENDPOINT=f"{party.ISSUER}/oauth2/userinfo",
    OIDC_OP_JWKS_ENDPOINT=f"{party.ISSUER}/oauth2/jwks",
    # Its own are HS256, and "openid email".
    OIDC_RP_SIGN_ALGO="RS256",
    OIDC_RP_SCOPES="openid profile education",
    OIDC_STORE_ID_TOKEN=True,
    OIDC_OP_LOGOUT_URL_METHOD="__main__.leave",
    # So that each page renews.
    OIDC_RENEW_ID_TOKEN_EXPIRY_SECONDS=1,
    ALLOW_LOGOUT_GET_METHOD=True,
    LOGIN_REDIRECT_URL="/",
    LOGOUT_REDIRECT_URL=f"{party.SITE}/parti",
)

from django.urls import include, path  # noqa: E402 (Django's models want the settings first)
from mozilla_django_oidc.auth import OIDCAuthenticationBackend  # noqa: E402


class Backend(OIDCAuthenticationBackend):
    def filter_users_by_claims(self, claims):
        return self.UserModel.objects.filter(username=claims["sub"])

    def create_user(self, claims):
        return self.update_user(self.UserModel(username=claims["sub"]), claims)

    def update_user(self, user, claims):
        user.first_name, user.last_name = claims["given_name"], claims["family_name"]
        user.save()
        self.request.session["claims"] = claims
        return user


def leave(request):
    back = {"id_token_hint": request.session["oidc_id_token"], "post_logout_redirect_uri": f"{party.SITE}/parti"}
    return f"{party.ISSUER}/oauth2/logout?{urlencode(back)}"


def home(request):
    if not request.user.is_authenticated:
        return party.page(None)
    expiry = request.session["oidc_id_token_expiration"]
    return party.page({"name": request.user.first_name, "userinfo": request.session["claims"], "expiry": expiry})


urlpatterns = [path("", home), path("parti", lambda request: party.page(None)),
               path("oidc/", include("mozilla_django_oidc.urls"))]
party.listen()
