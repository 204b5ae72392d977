package preau;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.javalin.Javalin;
import io.javalin.community.ssl.SslPlugin;
import io.javalin.http.Context;
import java.net.URI;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.pac4j.core.config.Config;
import org.pac4j.core.profile.UserProfile;
import org.pac4j.javalin.CallbackHandler;
import org.pac4j.javalin.JavalinFrameworkParameters;
import org.pac4j.javalin.LogoutHandler;
import org.pac4j.javalin.SecurityHandler;
import org.pac4j.oidc.client.OidcClient;
import org.pac4j.oidc.config.OidcConfiguration;

/** A site whose people sign in at the provider, as pac4j's documentation says. */
public final class Party {
  private Party() {}

  public static void main(String[] words) {
    var site = System.getenv("SITE");
    var oidc = new OidcConfiguration();
    oidc.setClientId(System.getenv("CLIENT_ID"));
    oidc.setSecret(System.getenv("CLIENT_SECRET"));
    oidc.setDiscoveryURI(System.getenv("ISSUER") + "/.well-known/openid-configuration");
    oidc.setScope("openid profile education");
    var config = new Config(site + "/callback", new OidcClient(oidc));

    var callback = new CallbackHandler(config, "/", true);
    var leave = new LogoutHandler(config);
    leave.defaultUrl = site + "/parti";
    leave.logoutUrlPattern = site + "/.*";
    leave.localLogout = true;
    leave.centralLogout = true;
    leave.destroySession = true;

    var tls = new SslPlugin(settings -> {
      settings.pemFromPath(System.getenv("CERTIFICATE"), System.getenv("KEY"));
      settings.insecure = false;
      settings.host = "127.0.0.1";
      settings.securePort = URI.create(site).getPort();
      settings.sniHostCheck = false;
    });
    Javalin.create(settings -> settings.registerPlugin(tls))
        .get("/callback", callback)
        .post("/callback", callback)
        .before("/", new SecurityHandler(config, "OidcClient"))
        .get("/", context -> page(context, profiles(context, config)))
        .get("/logout", leave)
        .get("/parti", context -> page(context, null))
        .start();
  }

  private static List<UserProfile> profiles(Context context, Config config) {
    var parameters = new JavalinFrameworkParameters(context);
    return config.getProfileManagerFactory().apply(
        config.getWebContextFactory().newContext(parameters),
        config.getSessionStoreFactory().newSessionStore(parameters)).getProfiles();
  }

  private static void page(Context context, List<UserProfile> profiles) throws Exception {
    Object shown = null;
    if (profiles != null && !profiles.isEmpty()) {
      Map<String, Object> attributes = new HashMap<>();
      profiles.get(0).getAttributes().forEach((name, value) -> attributes.put(name, value.toString()));
      shown = attributes;
    }
    var text = new ObjectMapper().writeValueAsString(shown).replace("&", "&amp;").replace("<", "&lt;");
    context.html("<main><pre id=\"shown\">" + text + "</pre></main>");
  }
}
