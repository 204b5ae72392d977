package preau;

import static org.springframework.security.config.Customizer.withDefaults;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.core.annotation.Order;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.security.oauth2.client.OAuth2AuthorizedClient;
import org.springframework.security.oauth2.client.OAuth2AuthorizedClientManager;
import org.springframework.security.oauth2.client.OAuth2AuthorizedClientProviderBuilder;
import org.springframework.security.oauth2.client.annotation.RegisteredOAuth2AuthorizedClient;
import org.springframework.security.oauth2.client.oidc.web.logout.OidcClientInitiatedLogoutSuccessHandler;
import org.springframework.security.oauth2.client.registration.ClientRegistrationRepository;
import org.springframework.security.oauth2.client.web.DefaultOAuth2AuthorizedClientManager;
import org.springframework.security.oauth2.client.web.OAuth2AuthorizedClientRepository;
import org.springframework.security.oauth2.core.oidc.user.OidcUser;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** A site whose people sign in at the provider, and an API that takes the provider's access tokens. */
@SpringBootApplication
@RestController
public class Party {
  public static void main(String[] words) {
    SpringApplication.run(Party.class, words);
  }

  @Bean
  @Order(1)
  SecurityFilterChain api(HttpSecurity http) throws Exception {
    return http.securityMatcher("/api/**")
        .authorizeHttpRequests(all -> all.anyRequest().authenticated())
        .oauth2ResourceServer(server -> server.jwt(withDefaults()))
        .build();
  }

  @Bean
  SecurityFilterChain site(HttpSecurity http, ClientRegistrationRepository clients) throws Exception {
    var atTheProvider = new OidcClientInitiatedLogoutSuccessHandler(clients);
    atTheProvider.setPostLogoutRedirectUri("{baseUrl}");
    return http.authorizeHttpRequests(all -> all.anyRequest().authenticated())
        .oauth2Login(withDefaults())
        .logout(logout -> logout.logoutSuccessHandler(atTheProvider))
        .oidcLogout(logout -> logout.backChannel(withDefaults()))
        .build();
  }

  /** Its own, but that a token counts as expired ten minutes early: so that each page renews. */
  @Bean
  OAuth2AuthorizedClientManager manager(
      ClientRegistrationRepository clients, OAuth2AuthorizedClientRepository authorized) {
    var manager = new DefaultOAuth2AuthorizedClientManager(clients, authorized);
    manager.setAuthorizedClientProvider(OAuth2AuthorizedClientProviderBuilder.builder()
        .authorizationCode()
        .refreshToken(refresh -> refresh.clockSkew(Duration.ofMinutes(10)))
        .build());
    return manager;
  }

  @GetMapping("/")
  String home(@AuthenticationPrincipal OidcUser user) {
    return page(Map.of("idToken", user.getIdToken().getClaims(), "claims", user.getClaims()));
  }

  @GetMapping("/token")
  String token(@RegisteredOAuth2AuthorizedClient("preau") OAuth2AuthorizedClient client) {
    return page(Map.of("token", client.getAccessToken().getTokenValue()));
  }

  @GetMapping("/api/me")
  Map<String, Object> me(@AuthenticationPrincipal Jwt jwt) {
    return Map.of("sub", jwt.getSubject());
  }

  private static String page(Object shown) {
    try {
      var text = new ObjectMapper().findAndRegisterModules().writeValueAsString(shown);
      return "<main><pre id=\"shown\">" + text.replace("&", "&amp;").replace("<", "&lt;") + "</pre></main>";
    } catch (JsonProcessingException bad) {
      throw new IllegalStateException(bad);
    }
  }
}
