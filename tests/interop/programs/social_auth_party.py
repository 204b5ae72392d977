"""Django with python-social-auth's OpenID Connect backend, as its documentation says."""

import party

party.configure(
    APPS=["social_django"],
    AUTHENTICATION_BACKENDS=["social_core.backends.open_id_connect.OpenIdConnectAuth"],
    SOCIAL_AUTH_OIDC_OIDC_ENDPOINT=party.ISSUER,
    SOCIAL_AUTH_OIDC_KEY=party.CLIENT_ID,
    SOCIAL_AUTH_OIDC_SECRET=party.CLIENT_SECRET,
    SOCIAL_AUTH_OIDC_SCOPE=["education"],
    SOCIAL_AUTH_OIDC_EXTRA_DATA=["children", "id_token", "refresh_token"],
    LOGIN_REDIRECT_URL="/",
)

from django.contrib.auth import logout  # noqa: E402 (Django's models want the settings first)
from django.http import HttpResponseRedirect  # noqa: E402
from django.middleware.csrf import get_token  # noqa: E402
from django.urls import include, path  # noqa: E402
from social_django.utils import load_strategy  # noqa: E402


def home(request):
    if not request.user.is_authenticated:
        token = f'<input type="hidden" name="csrfmiddlewaretoken" value="{get_token(request)}">'
        return party.page(None, f'<form method="post" action="/login/oidc/">{token}<button id="enter"></button></form>')
    social = request.user.social_auth.get(provider="oidc")
    return party.page({"name": request.user.first_name, "user": request.user.username, "userinfo": social.extra_data})


def refresh(request):
    social = request.user.social_auth.get(provider="oidc")
    before = social.access_token
    social.refresh_token(load_strategy())
    return party.page({"changed": social.access_token != before})


def leave(request):
    # It has no sign-out at the provider: the site ends its own session and sends the person there.
    logout(request)
    return HttpResponseRedirect(f"{party.ISSUER}/oauth2/logout?client_id={party.CLIENT_ID}")


urlpatterns = [path("", home), path("refresh", refresh), path("leave", leave),
               path("", include("social_django.urls", namespace="social"))]
party.listen()
