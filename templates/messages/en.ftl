### What families read: short sentences, present tense; what happens, then what to do.
### `**word**` becomes bold.

## Frame
kit-skip = Skip to content
kit-other-language = Français
kit-help = Help
kit-data = Your data
kit-accessibility = Accessibility
kit-home = Home
kit-error = Error:
kit-missing = To complete or correct
kit-continue = Continue
kit-continue-to = Continue to { $service }
kit-cancel = Cancel
kit-back-to-login = Back to the sign-in page
kit-show-password = Show the password
kit-step = Step { $n } of { $of }
kit-support = Support code:
kit-call = Call { $telephone }
kit-back = Back to my page
kit-no-cookies = Start again, or allow cookies
kit-no-cookies-next = If this page had been open for more than 2 hours, just start again. Otherwise your browser refuses cookies, which the page needs to know you from one step to the next: allow cookies for this site in the browser's settings, leave private browsing, then start again. You can also use another browser.
back-to = Back to { $service }

## Sign-in
login-title = Sign in
login-service = to continue to **{ $service }**
login-identifiant = Username
login-format = Username in the form p.nameXX
login-password = Password
login-first = First visit?
login-first-who = You are a parent or legal guardian and your child goes to school: activate your account with the mobile number that the school has. It takes five minutes.
login-no-account = I do not have an account
login-hint-refused = The way to sign in that the service suggests is not available here. Choose another one.
login-pupil = Pupils: your username and your code are on the sheet from the school.
login-refused = We could not sign you in
login-wrong = The username or the password is not right. Check the username on your sheet; capitals matter in the password.
password-changed = This password was changed on { $date }.
password-changed-next = If that was not you, choose a new one and tell the school.
login-replaced-next = Use the new one. If that was not you, choose another and tell the school.
login-empty-identifiant = Enter your username.
login-empty-password = Enter your password.
login-waiting = Too many tries. Try again at { $until }, or choose a new password.
login-limited-here = Too many tries have failed from your internet connection. Other people may be using it too: it need not be you.
login-limited = Too many tries are failing right now, and we are protecting the accounts.
login-limited-next = Try again at { $until }, or right now on a device that you have already signed in on.
limited-here-next = Try again at { $until }, or right now with another connection, for example that of your mobile phone without wifi.
login-new-password = Choose a new password
must-change-title = Choose a new password
must-change = To protect your account, choose a new password. The old one no longer works.
must-change-send = Get the code
must-change-other-title = Is that mobile no longer yours?
must-change-letter = Ask the school for a sheet with a code: with it you choose a new password.
suspended = This account is suspended by { $by }. Ask { $school }.
busy = Many families are signing in right now. Try again in { $seconds ->
    [one] { $seconds } second
   *[other] { $seconds } seconds
}.

## Sign-in through others
federation-title = Do you work at a school?
federation-who = Teachers, staff, guests: sign in on your academy's site, then you come back here.
federation-none = No academy is connected to this service.
federation-identifiant = Sign in with a username
federation-other = Choose another academy
federation-again = Try again
upstream-first-title = { $upstream }, the first time
upstream-first-name = { $upstream } tells us that you are **{ $name }**. What remains is to find your children: a code goes to the mobile that the school knows, then their birth dates are asked.
upstream-first-once = Only once. Afterwards { $upstream } is enough: you have no password to create.
upstream-first-known-title = You have an account here already?
upstream-first-known = Sign in with your username, then connect { $upstream } in "Password and devices".
upstream-first-other-title = The school knows you by another name?
upstream-first-other = { $upstream } knows you by one name, the school by another: go on with a password.
upstream-finish-title = { $upstream } will be enough the next time
upstream-finish = You have no password to create. Keep the username: if { $upstream } does not answer, it serves to choose a password with your mobile.
already-upstream = { $upstream } joins this account: sign in, then connect it in "Password and devices".
login-or = or
login-franceconnect = Sign in with { $upstream }
login-franceconnect-who = Parents: with your account of the tax office, the health insurance, La Poste…
upstream-link-title = Sign in with { $upstream }
upstream-link-what = Once connected, { $upstream } opens this account without a password. Your name there must be the one that the school knows.
upstream-link-none = not connected
upstream-link-since = Connected on { $day }, last sign-in { $when }.
upstream-link-add = Connect { $upstream }
upstream-link-change = Connect again
upstream-link-remove = Remove { $upstream }
upstream-link-last = It is your only way to sign in: first choose a password, by "Forgotten password".
upstream-link-done = { $upstream } is connected to this account.
upstream-link-removed = { $upstream } no longer opens this account.
upstream-link-manage = Manage
upstream-link-factor = This account asks for a second proof at each sign-in: { $upstream } is not enough to open it.
upstream-link-go = Go on to { $upstream }
federation-failed-title = The sign-in did not succeed
federation-failed-unnamed = There is no such way to sign in here.
federation-failed-not_serving = { $upstream }: this way to sign in is no longer offered here.
federation-failed-unknown_state = { $upstream }: this sign-in was used already, took more than 15 minutes, or began in another browser. Try again.
federation-failed-denied = { $upstream } answered that nobody signed in. Try again, or choose another way.
federation-failed-unavailable = { $upstream } does not answer. Try again in a few minutes, or choose another way to sign in.
federation-failed-untrusted = The answer of { $upstream } could not be verified. To be safe, the sign-in ends here. Try again; if it happens again, give the support code to your academy.
federation-failed-not_fresh = The service that you are opening asks for a recent sign-in. Try again: { $upstream } will ask who you are once more.
federation-failed-unknown_profile = Your academy does not tell us your role. Give it the support code.
federation-failed-no_name = Your academy does not tell us your name. Give it the support code.
federation-failed-account_closed = This account is suspended or closed. Ask your academy, with the support code.
federation-failed-factor_needed = This account asks for a second proof: sign in with your username.
federation-failed-linked_elsewhere = { $upstream } is connected to another account. Sign in to that account to remove it there.
federation-failed-names_differ = { $upstream } knows you by one name, your account by another: the two cannot be connected.
federation-failed-link_expired = The password was typed more than 5 minutes ago. Begin again from your account.

## Forgotten
forgotten-identifiant-title = Forgotten your username?
forgotten-password-title = Forgotten your password?

## Activation, identity
activation-title = Activate your account
activation-restart = Start the activation again
identity-reserved = Activation is for legal guardians only.
identity-purpose = To reach the services for your children, confirm that you are their legal guardian and give their date of birth.
identity-ready = Keep your phone at hand and have each child's date of birth ready.
identity-who = I confirm who I am
identity-nom = Family name
identity-nom-hint = At birth or in use, as the school knows you
identity-nom-empty = Enter your family name.
identity-nom-too_long = This name is too long. Write it as the school knows you.
identity-prenom = Given name
identity-prenom-empty = Enter your given name.
identity-prenom-too_long = This given name is too long. Write it as the school knows you.
identity-phone-part = My mobile phone number
identity-phone-why = Enter the mobile number that you gave to the school. You cannot activate your account without it.
identity-phone = Mobile phone number
identity-phone-hint = Example: 06 12 34 56 78. For numbers outside mainland France, start with the country code: +262 692 12 34 56.
identity-phone-empty = Enter your mobile number.
identity-phone-incomplete = This number is not complete. Example: 06 12 34 56 78. Outside mainland France, start with the country code: +262 692 12 34 56.
identity-phone-landline = This is not a mobile number. The code comes by text message: enter a mobile number.
identity-too-many = We send no more codes today
identity-many-here = Too many requests from your internet connection
identity-many-here-why = Other people may be using it too: it need not be you.
identity-many = Too many requests whose code was never typed
identity-many-next = If you have already received a code, type it on the page that asks for it. Otherwise try again at { $until }, or ask the school.
too-many-today = Too many tries today. Come back tomorrow from { $hour }.

## Activation, code
code-short-title = Activation code
code-title = I enter the activation code received by text message (valid for 30 min)
code-sent = If these details are those the school has, a text message is on its way to the number ending in **{ $ending }**.
code-delayed = Text messages are leaving late at the moment, for everybody. Your request is kept: leave this page open, your code may still arrive. If it is not there in 30 minutes, ask for another one later: requests made during this delay do not count.
code-asked-again = Your new request is kept. A code received before it no longer works.
code-label = 6-digit code
code-refused = This code does not work
code-refused-empty = Please fill in the field "Code"
code-refused-not-six-digits = The code has 6 digits. Type them as you received them.
code-refused-too-many-today = { too-many-today }
code-refused-wrong = That code is not right. { $left ->
    [one] { $left } try
   *[other] { $left } tries
} left.
code-refused-used-up = That code no longer works. Ask for a new one.
code-refused-expired = That code is more than 30 minutes old. Ask for a new one.
code-resend = Send the code again
code-too-soon = A code has just been sent. You can ask for another in { $seconds ->
    [one] { $seconds } second
   *[other] { $seconds } seconds
}.
code-sent-again = A new code is on its way. The old one no longer works.
code-resend-limit = We cannot send another code now. Use the last one you received, or ask the school.
code-nothing = I have received nothing
code-nothing-wait = Wait two minutes, then check that the number and the spelling of your name are those on your child's record.
code-nothing-school = If your number has changed, or if the school only knows your landline, only the school can correct it: call it and give it the support code. It can also give you a letter with a code.
code-correct = Correct my name or my number
code-call-title = I enter the activation code heard on the phone (valid for 30 min)
code-call-offer = This is the number of a landline: it does not receive SMS. A voice can say the code there. Stay next to the phone, with something to write.
code-call = Receive a call
code-call-sent = If these details are those that the school knows, the phone whose number ends with **{ $ending }** will ring. Pick up: a voice says the code twice.
code-call-again = Receive another call
code-call-delayed = Calls leave late at the moment, for everybody. Your request is kept: your phone may still ring. If it has not rung within 30 minutes, ask for another call later: requests made during this delay do not count.
code-call-today = This phone rings between 8:00 and 21:00 only, by the time of the place where it is. You can ask for a call **today from 8:00 on**.
code-call-tomorrow = This phone rings between 8:00 and 21:00 only, by the time of the place where it is. You can ask for a call **tomorrow from 8:00 on**.
code-call-later = Come back then and begin the activation again. The school can also give you a letter with a code.
code-call-nothing = My phone does not ring
identity-phone-calls = No mobile? Enter the landline that the school knows: a voice says the code there, between 8:00 and 21:00.

## Activation, children
children-title = My children
children-intro = The school says that you are the legal guardian of the pupils below. Confirm it for each of them.
children-intro-password = Before you choose a password, give the date of birth of each child.
children-refused = Check your answers for:
children-confirm = Confirm
child-question = Am I the legal guardian of this pupil?
child-yes = Yes
child-no = No
child-born = born on
child-born-hint = In digits, for example 27 08 2012
child-born-jour = Day
child-born-mois = Month
child-born-annee = Year
child-wrong = That is not the date the school has. { $left ->
    [one] { $left } try
   *[other] { $left } tries
} left today.
child-no-more = Too many tries for { $given_name }. We go on without this child: the school has been told and can correct it.
child-no-more-password = Too many tries for { $given_name } today. Nothing changes in your account: the right date of another child is enough.
child-answer-missing = Answer Yes or No for { $given_name }.
child-date-empty = Enter the date of birth: the day, the month and the year.
child-date-words = Write the date in digits, for example 27 08 2012.
child-date-incomplete = Part of the date is missing: enter the day, the month and the year.
child-date-short_year = Write the year with four digits, for example 2012.
child-date-no_such_day = There is no such day. Check the day and the month.
child-date-long_ago = Check the year: it is too long ago.
child-date-to_come = Check the year: this date has not come yet.
child-right = Confirmed: the date is right.
child-set-aside = We go on without { $given_name }: the school has been told and can correct it.
child-optional = For now, this child is not in your account. The date of birth puts the child back; you may also leave it empty.
child-skipped = Too many tries for { $given_name } today: the right date of another child is enough.
child-contested = You said that { $name } is not your child. The school has been told and will correct its record.

## Activation, username and password
identifiant-title = Write down your username
identifiant-keep = Write it down: you will use it for all your children, in all schools, until the end of lycée.
identifiant-print = Print the sheet
password-page-title = My username and my password
password-create = I create my password
password-create-new = I choose a new password
password-must = It must have:
password-rule-length = at least 8 characters
password-rule-lower = at least 1 lower-case letter
password-rule-upper = at least 1 capital
password-rule-digit = at least one digit
password-rule-sign = at least one special character:
password-rule-met = (done)
password-rule-unmet = (to do)
password-rules-said = rules met:
password-again = ...and I confirm the password by typing it again
password-help = Need help to create a safe password?
password-finish = Finish
password-refused = This password is not good yet
password-missing = Still needed:
password-lacks-length = 8 characters in all
password-lacks-lower = a lower-case letter
password-lacks-upper = a capital
password-lacks-digit = a digit
password-lacks-sign = a special character
password-different = The two passwords are not the same.
password-too-long = This password has more than 128 characters. Choose a shorter one.
password-guessable-name = This password is too easy to guess: it contains your name. Choose another, for example three words and a digit.
password-guessable-identifiant = This password is too easy to guess: it contains your username. Choose another, for example three words and a digit.
password-guessable-school = This password is too easy to guess: it contains the name of the school. Choose another, for example three words and a digit.
password-guessable-child = This password is too easy to guess: it contains a given name or a date of birth. Choose another, for example three words and a digit.
password-guessable-common = This password is too easy to guess: it is one of the most common. Choose another, for example three words and a digit.
password-guessable-current = This is your password already. Choose another one, for example three words and a digit.

## Sheet
sheet-title = My sheet
sheet-heading = Account of { $name }
sheet-keep = Keep it safe until the end of lycée (terminale).
sheet-identifiant = Username
sheet-service = Service
sheet-go = Address of { $service }
sheet-qr = QR code: the address of { $service }
sheet-address = Address where you sign in
sheet-password = Password, to write by hand
sheet-help = If you have a problem, ask
sheet-help-office = the school office
sheet-never = The school will never ask you for your password.
sheet-print = Print
sheet-back = Back to the password

## End
done-title = Your account is active.
done-password-title = Your new password is saved.
done-identifiant = Your username is:
done-keep = Keep it with your password: you need both each time you sign in.
done-others = For **{ $children }**, the way in is this one: { $places }.

## Activation, what stops it
not-open-title = Activation is not open yet
not-open = Activation opens on { $date } for: { $school }. Come back from that day.
not-open-next = There is nothing else to do. Keep the school's sheet.
closed-title = It is too late to activate your account
closed = Activation closed on { $date } for: { $school }.
closed-never = Activation is not open for: { $school }.
closed-next = Call the school and give it the support code: only the school can open the activation again.
already-title = You already have an account
already-identifiant = Your username is:
already-next = Sign in with your password. If you have forgotten it, choose a new one: we will ask for your children's dates of birth.
already-others = { $n ->
    [one] Another username is yours too:
   *[other] Other usernames are yours too:
}
already-others-join = To keep only one, sign in, then open My account, I have another account.
already-new-password = Choose a new password
suspended-title = This account is suspended
suspended-by-school = the school
suspended-by-operator = the academy
suspended-next = Call the school office and give it the support code: it will tell you how to reopen it.
nobody-title = No pupil is linked to you
nobody = The school does not list you as the legal guardian of a pupil present this year. Only the school can correct this.
nobody-next = Call the school office and give it this code. Start the activation again once it is corrected.
none-right-title = We cannot go on
none-right = No date matches. The school has been told.
none-right-next = Call the school office, give it this code and have your child's date of birth checked. You can then start the activation again.
all-no-title = You answered No for every pupil
all-no = No account is created. If this is a mistake, go back and answer Yes. Otherwise the school will correct its record.
all-no-back = Back to my answers
too-late-title = The activation took more than two hours
too-late = For safety, it stops here. Start it again: you will get the same username.
overtaken-title = A password has just been chosen
overtaken = Your account's password was chosen in another browser or tab. Sign in with it. If that was not you, start the activation again: you can choose another one.
unknown-activation-title = We cannot find your activation
unknown-activation = It was started in another browser, or more than two hours ago. Start it again here: nothing is lost.

## Account
account-title = My account
account-parent = Legal guardian
account-pupil = Pupil
account-no-child = No child is linked to your account this year. The school can correct this.
account-mistake = Is a name, a child or a number wrong? The school corrects its record, and your account follows.
account-sign-out = Sign out
account-change = Use another account

## From a service
perimeter-title = This service is not for you
perimeter-pupil = You are signed in, but { $service } does not concern your school.
perimeter-staff = You are signed in, but { $service } is not for your role, or not for your academy.
perimeter-staff-next = If you are a parent, change the account: take the one from your child's school. Otherwise, give the support code to your academy.
perimeter = You are signed in, but { $service } concerns none of your children.
perimeter-where = Your children are in:
perimeter-go = Continue to { $service }
perimeter-schools = These are the schools that we know for you:
perimeter-next = If a school is missing, ask it and give the support code below.
perimeter-not-you = Is this not you?
tomorrow-title = Tomorrow in the school's portal
tomorrow = Your account is ready, but { $service } does not know you yet: the academy sends it the list of families every night.
tomorrow-next = Come back tomorrow. If nothing has changed in two days, ask the school and give the support code below.
refused-request-title = We cannot follow this request
refused-request = { $service } sent us a request that we cannot follow.
refused-request-unnamed = A site sent us a request that we cannot follow.
refused-request-not-you = It is not your doing.
refused-suspended-title = This service is suspended
refused-suspended = Nobody can sign in there at the moment. Your account works, and nothing was shared.
refused-suspended-next = Ask this service when it opens again.
refused-request-next = Go back to its site and start again; if it goes on, give it the support code.
too-old-title = Please start again
too-old = This page has been waiting too long.
too-old-restart = Start again from { $service }
too-old-school = Go back to the school's site and click MON ENT again.
continue-title = You are signed in
continue-service = We are taking you to **{ $service }**. If nothing happens, press Continue.
continue-logout-service = We are taking you back to **{ $service }**. If nothing happens, press Continue.
continue-logout = You have left your account. If nothing happens, press Continue.
continue-account = We are taking you to your account. If nothing happens, press Continue.
logout-title = Sign out?
logout-service = You leave { $service } and your account on this device.
logout-any = You leave your account on this device.
logout-stay = Do not sign me out
logged-out-title = You are signed out
logged-out-service = You are signed out of { $service } and of your account.
logged-out = You are signed out of your account.
logged-out-open = Still open:
logged-out-shared = Close the browser if you share this device.
logged-out-upstream = Your session at { $upstream } is still open: on a shared computer, close it too.
logged-out-upstream-go = Close the session at { $upstream }
logged-out-again = Sign in again

## General pages
not-found-title = This page does not exist.
not-found-next = The address may have been copied wrongly, or the page has moved.
fault-title = Something did not work on our side.
fault-next = Nothing is lost: go back and start again.
busy-title = One moment, please
busy-next = Nothing is lost. Reload this page then.
forbidden-title = This form does not come from our site
forbidden = For safety, we did nothing with what was sent.
forbidden-next = Go to the home page and start again. If you really were on our site, reload the page before you fill it in again.
too-large-title = That is too long for this page
too-large = Go back and enter only what is asked for.
bad-form-title = We did not understand this form
bad-form = Go back, reload the page and fill it in again. If it goes on, use another browser, or call the school and give it the support code.
method-title = This page does not open this way
method = Go to the home page and start again.
browser-title = This browser does not work here.
browser-next = Use Firefox, Chrome, Edge or Safari.
browser-where = On a phone, the browser that came with it is nearly always fine.
help-title = Help
help-password-title = Create a good password
data-title = Your data
access-title = Accessibility

## Text message: GSM-7 characters only
call-code = { $service }. Hello. Your code is: { $digits }. Again: { $digits }. This code is valid for thirty minutes. Do not give it to anyone. Goodbye.
sms-code =
    { $service }: your code is { $code }. Valid for 30 minutes. Do not give it to anyone.
    @{ $host } #{ $code }

# What is shared
form-post-title = Back to the service
form-post = We are taking you back to the service. If nothing happens, press Continue.
trial-full-title = This service is on trial
trial-full = { $service } is a new service. During its trial a hundred people at most can sign in there, and they already do. You did nothing wrong: your account works, and nothing was shared.
trial-full-until = The trial ends on { $day } at { $hour }. Come back after that: the service will be open to everybody it concerns.
trial-full-ask = If you cannot wait, ask { $service } how to do without signing in.
consent-trial = Service on trial since { $day }: a hundred people at most use it to begin with. We tell you this only once.
consent-title = Share with { $service }?
consent-shared = This service will recognise you and receive:
consent-name = Your name
consent-profile = Your role
consent-profile-guardian = Legal guardian
consent-profile-pupil = Pupil
consent-email = Your e-mail address
consent-phone = Your mobile
consent-schooling = Your school and your class
consent-children = Your children
consent-pupil-numbers = The pupil's number
consent-pupil-numbers-where = That of each school
consent-nothing = This service will recognise you at each visit. It will receive neither your name nor your children's.
consent-never = It will never see your username or your password.
consent-lasting = It also asks to keep this access for 30 days, even when you are signed out.
consent-policy = What { $service } does with your data
consent-terms = The terms of { $service }
consent-yes = Accept and continue
consent-no = Refuse
consent-remembered = We keep your agreement. You can take it back at any time from your account.
account-service-since = accepted on { $date }
account-withdraw = Take back my agreement
account-withdraw-for = Take back my agreement for { $service }

## Letters and the leaflet, printed
printed-title-one = { $service }: letter for { $name }
printed-title-many = { $service }: letters, { $school }
printed-to = For **{ $name }**
printed-role-parent = parent or legal guardian
printed-role-parent-in-person = parent or legal guardian · in person or by post
printed-heading-pupil = My account for the school portal
printed-heading-parent = Your account to follow your children
printed-lead-pupil = This account is yours alone. It works in every school, until the end of lycée.
printed-lead-parent = One account for all your children, in every school, until the end of lycée.
printed-lead-factor = This sheet lets you choose a new password without your second proof, from 9 am the next day. That proof is then removed.
printed-lead-reset = This sheet lets you choose a new password. The username stays the same.
printed-identifiant = Username
printed-code-first = Code, for the first time
printed-code-reset = Code, for a new password
printed-until = This code works **once**,
    until **{ $date }**.
printed-qr = QR code: opens the page with the username and the code filled in
printed-scan = With a phone or a tablet: point it at this square.
printed-how = What to do
printed-go-pupil = Go to **{ $address }**
printed-go-parent = Go to **{ $address }**, with a phone or a computer.
printed-copy = Copy the username and the code.
printed-copy-note = The code has no zero and no letter O, no digit 1 and no letters I or L.
printed-date-pupil = Enter your date of birth.
printed-date-parent = Enter your children's dates of birth.
printed-choose-pupil = Choose your password. Some ideas are offered.
printed-choose-parent = Choose your password.
printed-warning-pupil = **This sheet is like a key.** Do not lend it, do not take a photo of it. Nobody at the school needs your password.
printed-warning-parent = **This sheet is like a key.** It is for you only: do not give it to your child, do not take a photo of it. The school will never ask for your password.
printed-trouble = If something goes wrong
printed-trouble-pupil = Lost sheet, code that does not work, misspelt name: go to the school office. You get another sheet, and this one no longer works.
printed-trouble-parent = Code that does not work, wrong name or child: call the school. Give it your mobile number: from then on, a text message will do.
printed-cut = ✂ Once the password is chosen, keep this piece at home.
printed-keep = { $service }, { $name }
printed-my-password = My password
printed-to-fill = to fill in
printed-foot = Printed on { $date }, { $school }
printed-sheet = sheet { $number }
printed-sheet-class = { $class }, sheet { $number }
printed-foot-data = Your data: { $address }
leaflet-to = For **families**
leaflet-title = Activate your account for the school portal
leaflet-lead = One account for all your children, in every school, from 6e to terminale. It is yours alone; activate it **within 15 days**.
leaflet-prepare = **Have ready:** a computer or a phone with Firefox, Chrome, Edge or Safari (Internet Explorer does not work), a pen, the mobile phone whose number the school has, your children's dates of birth.
leaflet-1 = On the school's site, click **MON ENT**, preferably on a computer with Firefox.
leaflet-1-site = On the school's site (**{ $site }**), click **MON ENT**, preferably on a computer with Firefox.
leaflet-2 = Choose “Élève ou parent” (pupil or parent), then the line of your academy with **{ $service }**, and **Valider**.
leaflet-2-choice = Choose “Élève ou parent” (pupil or parent), then **{ $choice }**, and **Valider**.
leaflet-3 = Click **I do not have an account**.
leaflet-4 = Enter your family name, your given name and the **mobile number** that the school knows.
leaflet-5 = Enter the **code received by text message** on this phone. It is valid for 30 minutes.
leaflet-6 = Attach your children: for each, answer **Yes**, enter the **date of birth**, then **Confirm**.
leaflet-7 = **Write down your username** at the bottom of this sheet.
leaflet-8 = **Choose your password** and type it twice: at least 8 characters, with 1 small letter, 1 capital letter, 1 digit and 1 special character (+-*/&@.!?;:()[]$£,%µ). Click **Finish**.
leaflet-9 = Continue to the portal. From then on, click **MON ENT** and sign in with this username and this password.
leaflet-10 = In the portal, choose the right school: **{ $school }**.
leaflet-trouble = No mobile, a code that does not arrive, a missing child: call the school. All answers: **{ $address }**
leaflet-keep = ✂ { $service }: keep this safe, until the end of terminale (general or vocational).
leaflet-identifiant = My username

## A forgotten username
forgotten-identifiant-page = Forgotten username
forgotten-identifiant-intro = Tell us who you are. A code is sent to your mobile by text message; with it we can show your username.
forgotten-phone-why = Enter the mobile number that the school knows.
forgotten-otherwise = Other ways
forgotten-number-changed = **Another number, or no mobile:** your child's school corrects the number or gives you a letter.
forgotten-pupil-sheet = **Pupil:** the username is on the sheet from the school. Lost it? Ask the school office for another.
retrieved-title = Your username
retrieved-keep = Write it down on your sheet. It serves for all your children, until the end of lycée.

## A new password by mail
recovery-mail-title = I enter the code received by e-mail
recovery-mail-sent = If the username **{ $identifiant }** exists and has had a confirmed address for two days, a message has just been sent. Its code is valid for 30 minutes.
recovery-have-email = Have you confirmed an e-mail address?
recovery-by-mail = Receive the code by e-mail
recovery-by-sms = Receive the code by text message
recovery-nothing-junk = Look in your junk mail too. An address confirmed less than two days ago does not serve yet.
recovery-pupil-parent = Before the age of { $age }, your parent can give you a code from their account.
recovery-pupil-mail = From the age of { $age } on, if you have confirmed an e-mail address: enter your username above, then ask for the code by e-mail.
recovery-untrusted-email = Since the code was sent, this address no longer serves this account. To be safe, nothing has changed.
mail-recovery-subject = { $service }: your code
mail-recovery =
    { $service }: the code to choose a new password is { $code }. It is valid for 30 minutes, on the page where you asked for it.

    If you asked for nothing, do nothing: this code alone does not change your password. Give it to nobody.

    { $host }

## A new password
recovery-title = Forgotten password
recovery-intro = A code is sent by text message to the mobile that the school knows. Then you will be asked for your children's dates of birth.
recovery-identifiant-empty = Enter your username.
recovery-identifiant-malformed = A username looks like p.nameXX: a letter, a dot, a name, two digits.
recovery-pupil-title = Are you a pupil?
recovery-pupil = At any age, the school can print a new sheet with a code. Ask the school office for it.
recovery-code-title = I enter the code received by text message
recovery-code-sent = If the username **{ $identifiant }** exists and the school knows a mobile number, a text message has just been sent. Its code is valid for 30 minutes.
recovery-nothing-wait = Wait for two minutes, then check the username on your sheet.
recovery-nothing-number = Has your number changed? Only the school can correct it. It can also give you a letter with a code. Tell it the support code.
recovery-nothing-letter = The school can also give you a letter with a code. Tell it the support code.
recovery-correct = Correct the username
recovery-new-password = My new password
recovery-done = To be safe, your other devices will have to sign in again with this password.
recovery-nothing-to-ask = The school names no child of yours, so we cannot check that it is you.
recovery-none-right = No date is right. Your account stays as it is. The school has been told.
recovery-none-right-next = Call the school office, tell it this code and have your child's date of birth checked. It can also give you a letter with a code.
recovery-letter-withdrawn = The school withdrew the sheet with this code: it serves no more. Your account stays as it is.
recovery-overtaken = Your account's password was chosen in another browser or tab. Sign in with it. If that was not you, choose another one.
recovery-restart = Choose a new password
recovery-expired-title = This request is more than two hours old
recovery-expired = For safety, it stops here. Start again: nothing has changed in your account.
recovery-unknown-title = We cannot find your request
recovery-unknown = It was started in another browser, or more than two hours ago. Start again here: nothing has changed in your account.
young-title = Your number has just changed
young = The school recorded this mobile on **{ $since }**. So that nobody else takes your account, you can choose a new password **from { $day } at { $hour } on**.
young-faster-title = To be faster
young-faster = Go to the school with an identity document: it gives you a letter with a code that can be used at once.
letter-needed-title = You need a letter from the school
letter-needed = This mobile has not been checked for a long time: it could be somebody else's now.
letter-needed-next = Ask the school for a letter with a code, and tell it this support code.

## A letter with a code
letter-have = I have a sheet with a code
letter-title = Use a sheet with a code
letter-intro = You need the sheet from the school. Everything is written on it.
letter-identifiant-hint = At the top of the sheet. It looks like e.martin07
letter-code = Code of the sheet
letter-code-hint = 12 letters and digits, with or without hyphens, in capital or small letters
letter-code-empty = Enter the code of the sheet.
letter-code-wrong_form = The code has 12 letters and digits. Read it again, group by group.
letter-code-slip = There is a slip in the code. Read it again, group by group.
letter-code-confusable = This code has no zero and no letter O, no digit 1 and no letters I or L.
letter-refused = This code does not work
letter-wrong = The username and the code do not belong together. Read both on the sheet again. { $left ->
    [one] { $left } try is
   *[other] { $left } tries are
  } left today.
letter-used = This code was used on { $date }
letter-used-short = This code was used.
letter-used-next = Your account exists: sign in with your password. You no longer have it? The school can print a new sheet.
letter-used-not-me = If it was not you who used it, tell the school today.
letter-replaced = There is a newer sheet: use the one of { $date }.
letter-expired = This code ended on { $date }.
letter-expired-next = The school prints another.
letter-sign-in = Sign in with my password
letter-none = I have no sheet
letter-none-next = Pupils: ask your form teacher or the school office for it. Parents: ask the school.
letter-trouble = My code does not work
letter-trouble-next = A code works once. If you were given two sheets, use the newer one. Otherwise the school prints another.
birth-title = It is me
birth-for = This sheet is for **{ $name }**, { $school }.
birth-for-code = This code is for **{ $name }**, { $school }.
birth-label = My date of birth
birth-refused = The date is not right
birth-no-more = Too many tries. Come back tomorrow from { $hour } on, or go to the school office with your sheet.
birth-not-me = That is not my name?
birth-not-me-next = You have somebody else's sheet. Give it back without using the code.
birth-not-me-code = This code is somebody else's. Do not use it.
ideas-secret = It is a secret. Tell nobody, not even a friend, not even a teacher.
ideas-title = Three ideas, only for you
ideas-intro = Take one, or make up your own.
ideas-more = Other ideas

## The change of the password
change-password-title = Change my password
change-password-effect = You will have to sign in again on your other devices.
change-password-current = Current password
change-password-new = New password
change-password-submit = Change my password
change-password-refused = Your password has not changed
current-password-empty = Enter your current password.
current-password-wrong = That is not your current password. Capitals matter.
current-password-busy = Many families are signing in right now. Try again in { $seconds ->
    [one] { $seconds } second
   *[other] { $seconds } seconds
}.
current-password-waiting = Too many tries. Try again at { $until }.
change-password-done = Your password is changed. The old one no longer works: sign in with the new one on your other devices.

## Answers that wait, and words of ideas
notice-later = You can answer on this device from { $day } at { $hour }. If it was not you, change your password now.
ideas-words = They are French words, without accents.

## Numbers that a school replaced, and closings
notice-closing-soon-title = Your account stays open
notice-closing-soon = We told you { $when } that it was about to close. It no longer is.
notice-phone-changed-title = The school replaced your mobile number by another
notice-phone-changed = It was { $when }. If it is a mistake, call the school.
sms-notice-phone-changed = { $service }: the school replaced this number by another. If it is a mistake, call them.
sms-notice-closing = { $service }: your account closes on { $day }. Sign in to keep it.
sms-notice-closing-soon = { $service }: your account closes on { $day }. Sign in to keep it.

## An address that is taken back
email-former = You did not change the address yourself?
email-former-how = Take the former one back: enter your password above, then choose it. The other one will no longer serve.
email-former-until = Possible until { $day }
email-take-back = Take { $address } back
event-email-taken-back = Former e-mail address taken back
mail-address-undone =
    { $service }: this address is no longer your account's. The address before it was taken back.

    If that was not you: sign in and choose a new password, or call the school.

    { $host }

## The e-mail address
caution = To be safe, after a recent change, this will be possible from { $day } at { $hour }.
email-title = My e-mail address
email-what-for = It is optional. It serves to warn you if somebody touches your account.
email-recovers = Two days after you confirm it, it can also receive a code if you forget your password.
email-recovers-from = From the age of { $age } on, and two days after you confirm it, it can also receive a code if you forget your password.
email-label = E-mail address
email-send = Receive a code at this address
email-invalid = Check the address: it looks like given.name@example.org.
email-sent = A message is being sent to **{ $address }**. It contains a code, valid for 24 hours. Until you enter it here, this address serves for nothing.
email-confirm = Confirm my address
email-nothing = Look in your junk mail. Your account works without an address too.
email-again = Correct the address, or receive another code
email-confirmed = Your confirmed address is **{ $address }**.
email-remove = Remove my address
email-told-removed = Your address is removed.
email-told-taken_back = The former address is taken back. The other one no longer counts.
email-told-too_late = Nothing is taken back.
mail-confirm-subject = { $service }: your code
mail-confirm =
    { $service }: the code to confirm your address is { $code }. It is valid for 24 hours, on the page where you asked for it.

    If you asked for nothing, do nothing: the address serves for nothing without this code.

    { $host }
mail-address-changed-subject = { $service }: your e-mail address has changed
mail-address-changed =
    { $service }: this address is no longer your account's.

    If that was not you: sign in and choose a new password, or call the school. For 7 days this address can be taken back: page My account, button "Change my e-mail address" or "Add an e-mail address".

    { $host }

## What happened to the account: banner, mail, SMS
device-label = { $browser } on { $system }
notice-new-device-title = A sign-in from a new device
notice-new-device = It was { $when }, with { $detail }. Was it you?
notice-new-device-unnamed = It was { $when }. Was it you?
notice-password-replaced-title = Your password was changed
notice-password-replaced = It was { $when }, from another device. Was it you?
notice-factors-failed-title = Five wrong codes for your second proof
notice-factors-failed = It was { $when }. Whoever typed them may know your password. Was it you?
notice-passwords-failed-title = Wrong passwords for your account
notice-passwords-failed = Five wrong passwords or more, in the hour before { $when }. Nobody got in by them. Was it you?
notice-upstream-linked-title = A sign-in by FranceConnect was connected to your account
notice-upstream-linked = It was { $when }, from another device. Was it you?
notice-email-changed-title = Your e-mail address has changed
notice-email-changed = It was { $when }, from another device. Was it you?
notice-letter-printed-title = A letter with a code was printed for you
notice-letter-printed = It was { $when }, at the school { $detail }. Had you asked for it?
notice-phone-disowned-title = Your mobile no longer serves this account
notice-phone-disowned = It was { $when }, from another device. Was it you?
notice-child-added-title = A child was added to your account
notice-child-added = { $detail }, { $when }, from another device. Was it you?
notice-child-removed-title = A child was taken out of your account
notice-child-removed = { $detail }, { $when }, from another device. Was it you?
notice-code-requested-title = A parent asked for a code
notice-code-requested = It was { $when }, to help you choose a new password.
notice-pupil-recognised-title = Another school recognised your account
notice-pupil-recognised = { $detail }, { $when }. Your username and password stay the same. If you are no pupil there, tell your school.
notice-child-gone-title = A child is no longer in your account
notice-child-gone = { $detail }: the school no longer names a legal link between you. Only the school can correct it.
notice-pupil-detached-title = A school is no longer part of your account
notice-pupil-detached = { $detail }, { $when }. If you are a pupil there, ask it for a sheet with a code.
notice-closing-title = The closing of your account was asked for
notice-closing = It was { $when }. Your account stays open.
notice-closing-childless-title = Your account stays open
notice-closing-childless = We told you { $when } that it was about to close, because no child had been linked to it for three months. It no longer is.
notice-closing-unenrolled-title = Your account stays open
notice-closing-unenrolled = We told you { $when } that it was about to close, because no school had counted you among its pupils for three months. One does again.
notice-closing-pending-title = Your account closes soon
notice-closing-pending = It closes on { $day }. To keep it, sign out, then sign in again.
notice-closing-pending-childless = It closes on { $day }, because no child has been linked to it for three months. To keep it, sign out, then sign in again.
notice-closing-pending-unenrolled = It closes on { $day }, because no school has counted you among its pupils for three months. To keep it, sign out, then sign in again.
notice-parent-codes-ended-title = At your age, your parents get no codes for your account
notice-parent-codes-ended = You are { $detail } or older: the account is yours. If you forget the password, the school gives you a new sheet.
notice-parent-codes-ended-mail = You are { $detail } or older: the account is yours. If you forget the password, your e-mail address serves if you have confirmed it; if not, the school gives you a new sheet.
notice-of-age-title = Who sees what of you at eighteen
notice-of-age = As long as the school names them as legal representatives, your parents, and the services they sign in to, see your given name, your school and your class. They see neither your password nor your e-mail address nor your sign-ins. To end this link, ask the school.
notice-mine = Yes, it was me
notice-not-mine = No, it was not me
notice-seen = I understand
notice-not-mine-done = Your other devices are signed out. Now choose a new password.
notice-mail-subject = { $service }: { $what }
notice-mail =
    { $service }: { $what }, { $day } at { $hour }.

    If it was not you: sign in and choose a new password, or call the school.

    { $host }
notice-mail-device =
    { $service }: { $what }, { $day } at { $hour }, with { $device }.

    If it was not you: sign in and choose a new password, or call the school.

    { $host }
notice-mail-info =
    { $service }: { $what }, { $day } at { $hour }.

    To know more: sign in.

    { $host }
notice-mail-closing-soon-subject = { $service }: your account closes soon
notice-mail-closing =
    { $service }: your account closes on { $closes }. Sign in to keep it.

    { $host }
notice-mail-childless-subject = { $service }: your account is going to close
notice-mail-childless =
    { $service }: your account closes on { $closes }, because no child has been linked to it for three months. Sign in to keep it.

    { $host }
notice-mail-unenrolled =
    { $service }: your account closes on { $closes }, because no school has counted you among its pupils for three months. Sign in to keep it.

    { $host }
notice-mail-phone-changed =
    { $service }: { $what }, { $day } at { $hour }. If it is a mistake, call the school.

    { $host }
sms-notice-password-replaced = { $service }: your password was changed { $when }. If it was not you, call your child's school.
sms-notice-letter-printed = { $service }: { $school } printed a letter with a code for you. If you did not ask for it, call them.
sms-notice-shared = For { $name }: { $text }
sms-reminder = { $service }: activate your account for { $school } until { $day }, from the school's website. Give no code to anybody.
sms-reminder-portal = { $service }: activate your account for { $school } until { $day }, at { $portal }. Give no code to anybody.
mail-reminder-subject = { $service }: open your account for { $school }
mail-reminder =
    Hello,

    { $school } invites you to open your { $service } account, which leads to the school portal. You have until { $day }.

    { $where } Click MON ENT, choose “Élève ou parent” (pupil or parent), then { $service }, and “I do not have an account”. Keep the mobile phone whose number the school has with you: a code arrives there by text message.

    No mobile, or another number? Ask the school's office for a sheet with a code, or to note your number.

    There is no code in this message. Type the address of the site in your browser yourself, and give no code to anybody.

    You have no child in this school? Tell its office: it will take this address away.
mail-reminder-where = Go to the school's website.
mail-reminder-where-portal = Go to { $portal }.

## My account: devices, events, mobile, closing
account-identifiant = username { $identifiant }
account-reach = How to reach me
account-phone = Mobile
account-phone-ends = ends in { $digits }
account-phone-disowned = no longer serves: the school will give another one
account-phone-for = It serves to get your password back.
account-none = none
account-email-for = Optional. It warns you if somebody touches your account.
account-email-add = Add an e-mail address
account-email-change = Change my e-mail address
account-mistake-title = A mistake?
account-mistake-pupil = Is your name or your class wrong? Tell the school office: the school corrects its record, and your account follows.
profile-enseignant = Teacher
profile-personnel = Staff
profile-invite = Guest
federated-signs-in = You sign in with **{ $upstream }**. You have neither a username nor a password here.
federated-family = This account does not know your children's school. With the account that the school gives you, you find all your services.
federated-activate = Activate my account
federated-security-title = My sign-in and my devices
federated-security-door = How I sign in, and on which devices
federated-since = Connected on { $day }, last sign-in { $when }.
federated-mistake = Is a name or a school wrong? Your academy corrects its record, and your account follows at the next sign-in.
federated-export = A file (JSON) with your account, your devices, your services and what happened. Do not leave it on a shared computer.
factor-missing-federated = Your sign-in through { $upstream } does not prove it, and this account has no proof of its own. Ask your academy how to add one.
account-school-computer = On a computer of the school, always sign out.
security-title = Password and devices
security-door = Change my password, see my devices
security-no-password = This account has no password.
security-choose-password = Choose a password
security-password-since = Chosen on { $day }.
security-devices = My devices
security-this = this device
security-unnamed = Device without a name
security-signed-in = Signed in { $when }
security-seen = Not signed in · last { $when }
security-sign-out = Sign out and forget
security-sign-out-for = Sign out and forget { $device }
security-forget = Forget
security-forget-for = Forget { $device }
security-known = A device of this list is not blocked when a stranger tries your username elsewhere.
security-forget-others = Sign out all other devices
events-title = What happened
events-door = Sign-ins, passwords, letters
events-all = See all
events-term = What happened to your account is kept for 13 months.
events-none = Nothing else.
events-older = Older
events-newest = Back to the latest
event-signed-in = Sign-in
event-signed-out = Sign-out
event-upstream-linked = Sign-in through an academy or FranceConnect connected
event-upstream-unlinked = Sign-in through an academy or FranceConnect removed
event-passwords-failed = Wrong passwords
event-codes-failed = Wrong codes
event-birth-dates-failed = Wrong dates of birth
event-locked-out = Too many tries: a wait was imposed
event-activation-started = Activation begun
event-recovery-started = Forgotten password: a code was asked for
event-email-confirmed = E-mail address confirmed
event-email-removed = E-mail address removed
event-letter-issued = Letter with a code printed
event-letter-withdrawn = Letter withdrawn by the school
event-children-confirmed = Children confirmed
event-child-contested = Child taken out of the account
event-child-set-aside = Child set aside: wrong date
event-password-chosen = Password chosen
event-password-replaced = Password changed
event-consent-given = Consent given to a service
event-consent-withdrawn = Consent withdrawn from a service
event-device-forgotten = Device signed out and forgotten
event-phone-disowned = Mobile removed
event-closing-requested = Closing of the account asked for
event-closing-withdrawn = Closing undone by a sign-in
event-not-mine-reported = “It was not me”
event-identifiant-given = Username given
proof-why = To be sure that it is you
proof-upstream = This account has no password. Unless you signed in just now, you first confirm with { $upstream }, then come back here.
caution-title = Not yet
phone-title = This is no longer my mobile
phone-effect = The number that ends in { $digits } will get no more codes or messages for this account.
phone-school = Only the school can give another one: it is told. Until then, a forgotten password is replaced with a letter from the school.
phone-submit = Remove this number
phone-gone = No number serves this account. The school can give another one.
phone-question = Is your mobile still … { $digits }?
phone-question-why = It is used to get your password back. Answering “yes” does not check it: after two years without a check, it is not used any more.
phone-question-yes = Yes, it is still my mobile
phone-question-no = No, it is no longer my mobile
phone-question-check = Check it with a code by text message
event-phone-kept = Mobile still the same
phone-proof-title = Check my mobile
phone-proof-door = It is still my mobile: check it
phone-proof-mistake = That was a mistake: what to do?
phone-proof-none = The school knows no mobile of yours. Only the school can give one.
phone-proof-given-up = You told us that the number that ends in **{ $digits }** is no longer yours. It is not used any more. If that was a mistake, it comes back in two steps:
phone-proof-given-up-1 = the school confirms this number: call the school, then wait until it sends its record again;
phone-proof-given-up-2 = you come back to this page, and enter the code received by text message on this mobile.
phone-proof-given-up-else = If the number has changed, give the new one to the school: there is nothing to do here.
phone-proof-back = You told us that the number that ends in **{ $digits }** was no longer yours. Since then, the school has sent it again. If it is your mobile, check it with a code: it will be used again.
phone-proof-what = A text message with a code goes to the number that ends in **{ $digits }**. Then enter the code here: the number stays useful to get your password back.
phone-proof-proven = Last check: { $day }.
phone-proof-send = Get a code by text message
phone-proof-sent = A text message goes to the number that ends in **{ $digits }**. Its code is valid for 30 minutes.
phone-proof-confirm = Check this mobile
phone-proof-nothing = Wait two minutes. If the number has changed, only the school can correct it.
phone-proof-again = Get another code
phone-proof-young = The school has only just given this number. You can check it from { $day } at { $hour }.
event-phone-proof-asked = Mobile: code asked for
event-phone-proven = Mobile checked
event-phone-restored = Mobile in use again
notice-phone-restored-title = Your mobile is used for this account again
notice-phone-restored = It was { $when }, with a code received by text message. Was it you?
close-title = Close my account
close-door = Stop everything, with 30 days to change your mind
close-effect = Your children stay enrolled at the school. With this account you will no longer get into the portal, the grants or the other services.
close-today = **Today**, your sessions end everywhere.
close-meanwhile = **For 30 days**, signing in is enough to keep everything.
close-then = **On { $day }**, the password and the e-mail address are erased. The username { $identifiant } is never given to anybody again.
account-no-email = none

## My children
children-door-title = My children: add, remove
children-door = A code for a child who forgot the password
children-offered = A child to add
children-offered-text = { $school } names, for you: **{ $name }** If you are this child's legal guardian, give the date of birth.
children-add = Add { $name }
children-born = { $name } was born on
children-identifiant = Username: { $identifiant }
children-forgot = { $name } forgot the password
children-old-enough = { $name } is old enough to look after the account. When the password is forgotten, the school gives a new sheet.
children-no-more = Too many tries. Try again tomorrow from { $hour } on.
children-school-sheet = When the password is forgotten, the school gives { $name } a new sheet as soon as it opens.
children-not-mine = { $name } is not my child
children-remove-effect = { $name } will no longer be in your services. The school is told and corrects its record.
children-remove = Remove { $name } from my account
children-link-ended = { $school } has named no legal link between you and { $name } since { $day }. Only the school can correct it.
children-link-ended-nameless = Since { $day }, { $school } no longer names a legal link between you and one of its pupils. Only the school can correct it.
children-missing = A child is missing
children-missing-next = Has your child just arrived at a school? Wait for two days. Otherwise the school may not know you by this name or this mobile: ask it for a letter, and enter its code here.
child-code-title = A code for { $name }
child-code-what = { $name } will choose a new password with this code, valid for 24 hours. You need not know that password.
child-code-own-password = Your password
child-code-get = Get a code
child-code-too-many = Three codes were already asked for { $name } in 24 hours. The next one: from { $hour } on.
child-code-give = Give these two lines to { $name }, who then chooses the password. You need not know it.
child-code-identifiant = Username
child-code-code = Code, until { $day } at { $hour }
child-code-where = Where is it used?
child-code-where-text = On the sign-in page, in place of the password.
child-code-once = This code serves once. In the account, { $name } will see that a parent asked for it. The former password still works until the new one.

## My services
services-title = My services
services-door = What each of them gets of me
services-intro = Here is what each service gets of you when you sign in. None gets your password, your username or a date of birth.
services-none = You have not opened any service with this account yet.
services-used = first sign-in: { $first } · last: { $last }
services-name = your name: { $name }
services-profile = your role: legal guardian or pupil
services-email = your e-mail address
services-phone = your mobile
services-children = your children:
services-schooling = your school and your class:
services-pupil-numbers = the pupil's number at the school
services-subject = a number for this service alone, which other services do not know
services-lasting = can come back for these data for 30 days, without you
services-open = Open
services-open-for = Open { $service }
services-kept = What this service already got stays with it: ask it to erase it.
services-chosen = The school or the académie chose this service.

## My data
own-data-title = My data
own-data-door = Download everything, close my account
own-data-read = What we keep of you can be read on these pages:
own-data-export = Download everything
own-data-export-what = A file (JSON) with your account, what the school recorded, your devices, your services and what happened. Do not leave it on a shared computer.
own-data-download = Download my data
own-data-too-many = You have already downloaded your data 3 times in 24 hours. Try again from { $hour } on.
event-pupil-recognised = Account recognised by another school
event-pupil-detached = School taken out of the account
event-account-suspended = Account suspended
event-account-resumed = Account restored
event-password-change-forced = New password required
event-data-exported = Data downloaded

## Joining two accounts

regroup-title = I have another account
regroup-door = Join two accounts in your name into one
regroup-intro = Two accounts in your name? Join them: one username for all your children. You need to show that the other account is yours too.
regroup-proven-title = { $identifiant } is yours too
regroup-proven = The code that you got by SMS showed it. One date of birth is still needed.
regroup-proven-join = Join these two accounts
regroup-other-code-over = The code that you got by SMS is no longer enough. Give the other account's username, and its password or the code of its letter.
regroup-own-password = Your password, for the account that you are in
regroup-other = My other account
regroup-identifiant = Username of the other account
regroup-proof = Its password, or the code of its letter
regroup-no-password = I do not know its password
regroup-no-password-text = Sign out, choose a new password for that other account, then come back here two days later. Or ask the school that created it for a letter.
regroup-other-parent = The other account is the other parent's
regroup-other-parent-text = Each parent keeps their own: the accounts of two people are not joined.
regroup-other-empty = Enter the username of the other account, and its password or the code of its letter.
regroup-other-wrong = The username and the password, or the code, do not go together. Read both again; capitals matter in the password.
regroup-other-slip = There is a slip in the code. Read it again, group by group.
regroup-other-waiting = Too many tries for that other account. Try again at { $until }.
regroup-other-from-here = Too many tries from your internet connection. Try again at { $until }.
regroup-refused = The accounts are not joined
regroup-refused-same = These two usernames already open the same account.
regroup-refused-names = The names of the two accounts are not the same. The school can correct the name in its record; support code { $code }. Then start again.
regroup-refused-keys = The school portal already knows these accounts as two different ones: they cannot be joined. Keep both usernames. A question? Support code { $code }.
regroup-refused-suspended = One of the two accounts is suspended. Call the school; support code { $code }.
regroup-refused-must-change = The password of the account { $identifiant } has to be changed first: sign out, sign in with that username, then come back.
regroup-refused-caution = To be safe, after a recent change, this will be possible from { $day } at { $hour }.
regroup-refused-factor = That other account is protected by a second proof. Begin again with its password, then show that proof.
regroup-refused-nothing = No child of that other account has a birth date that can be checked. Call the school; support code { $code }.
regroup-choice-title = Join my two accounts
regroup-which = Which account do you want to keep?
regroup-missing = Choose the account to keep.
regroup-current = The one that you are in.
regroup-seen = Last signed in on { $day }.
regroup-joins = The account { $identifiant } joins the one that you are in.
regroup-keeps-other = The account you are in joins { $identifiant }, which is better protected and keeps its second proof.
regroup-factor-title = The second proof of the other account
regroup-factor = The account { $identifiant } asks for one. Show it as you do to sign in there.
regroup-factor-lost = Sign in with the username of that other account: the page of its second proof says whom to ask.
regroup-with-it = With it: { $children }.
regroup-changes = What changes
regroup-children = { $n ->
    [one] The account you keep has your child.
   *[other] The account you keep has your { $n } children.
}
regroup-alias = The other username still works, with the password of the account you keep. The other password no longer works.
regroup-services = Your services recognise you. In the school portal, this may take a day.
regroup-devices = On your other devices, you will have to sign in again.
regroup-undo-note = You can undo everything for **7 days**, until { $day }.
regroup-confirm = Join my accounts
regroup-done = Your accounts are joined. You can separate them again on this page until { $day }.
regroup-undone = Your two accounts are separate again, each as before.
regroup-too-late = Nothing is joined: start again.
regroup-undo-title = Undo
regroup-undo-text = The account { $identifiant } is joined to this one. Until { $day }, you can bring it back as it was, with its children.
regroup-undo = Separate the two accounts again
notice-regrouped-title = Your two accounts were joined
notice-regrouped = { $detail } and this one, { $when }. To undo: I have another account. Was it you?
notice-regroup-undone-title = Your two accounts were separated again
notice-regroup-undone = { $detail } and this one, { $when }. Was it you?
sms-notice-regrouped = { $service }: your two accounts were joined { $when }. If it was not you, call the school.
event-accounts-joined = Two accounts joined
event-accounts-separated = Joined accounts separated again
regroup-children-intro = Did you already have another account?
regroup-children-link = Join two accounts
child-letter-wrong = This is not the code of a letter for your account. Read it again on the letter. { $left ->
    [one] { $left } try
   *[other] { $left } tries
} left today.
child-letter-code = Code of the letter
child-letter-empty = Enter the code of the letter.
child-letter-used = This code was used on { $date }. If the child is not on this page, ask the school for another letter.
child-letter-replaced = There is a newer letter: use the one of { $date }.
child-letter-expired = This code ended on { $date }. Ask the school for another letter.
child-letter-add = Add with this code
printed-heading-child = A child to add to your account
printed-lead-child = You already have an account: this sheet adds a child of this school to it.
printed-go-child = Sign in with your username at **{ $address }**
printed-copy-child = Open **My children: add, remove**. At the bottom of the page, copy the code.
printed-date-child = Enter the child's date of birth.
printed-code-child = Code, to add a child
printed-qr-child = QR code: the address where you sign in
## Second factor
factor-title = Show that it is you
factor-show = Enter the 6-digit code that the code application of your phone shows.
factor-show-both = Enter the 6-digit code that the code application of your phone shows, or one of your backup codes.
factor-code = Code of the application
factor-code-both = Code of the application, or backup code
factor-code-hint = For example 123 456
factor-code-hint-both = For example 123 456, or ACDE‑FHJK
factor-show-backup = Give one of your backup codes.
factor-code-backup = Backup code
factor-code-hint-backup = For example ACDE‑FHJK
factor-empty-backup = Give a backup code.
factor-malformed-backup = A backup code has 8 letters and digits. Read it again.
factor-or-code = Or with a code
factor-confirm = Continue
factor-then = Then you come back to the page and fill it in again.
factor-empty = Enter the code of your application.
factor-empty-both = Enter a code of your application, or a backup code.
factor-malformed = A code of the application has 6 digits. Read it again.
factor-malformed-both = A code of the application has 6 digits, a backup code 8 letters and digits. Read it again.
factor-wrong = That code is not right, or it was used already. Wait for the next one in the application.
factor-waiting = Too many tries. Try again at { $until }.
factor-show-passkey = Use your passkey, with the fingerprint, the face or the code of your phone.
factor-no-script-codes = Your browser cannot use a passkey here. Give a code.
factor-no-script = Your browser cannot use a passkey here. Take the one that has it, or ask the school.
factor-passkey = This passkey could not be verified. Try again.
factor-letter-later = Your letter replaces this proof from { $day } at { $hour }: type its code again then.
factor-lost = I have none of these any more
factor-lost-title = You have none of these proofs any more
factor-lost-next = First look for your backup codes, on paper. Without them, call the school with this support code: it checks who you are and has these proofs removed, passkeys included.
factor-lost-back = Back to the proof
factor-expired-title = This sign-in waited too long
factor-expired = For safety, it stops here. Start again with your username and your password.
factor-missing-title = A second proof is needed
factor-missing = { $service } asks for a passkey or the code of an application, beside the password.
factor-missing-unnamed = This service asks for a passkey or the code of an application, beside the password.
factor-missing-none = Your account has none yet. Add a passkey or a code application, then come back to this service.
factor-missing-new = You have just added one. It counts from the next sign-in on: sign in again, with it.
factor-missing-sign-in = Sign in again
factor-missing-back = Back to the service without this proof
notice-factor-added-title = A code application was added to your account
notice-factor-added = It was { $when }, from another device. Was it you?
notice-factor-removed-title = A second proof was removed from your account
notice-factor-removed = It was { $when }, from another device. Was it you?
notice-backup-codes-renewed-title = New backup codes were made
notice-backup-codes-renewed = It was { $when }, from another device. Was it you?
event-factors-failed = Wrong codes at sign-in
event-factor-added = Second proof added
event-factor-removed = Second proof removed
event-factor-proven = Second proof given
event-backup-codes-renewed = New backup codes
application-title = Code application
application-none = not used
application-what = A 6-digit code, given by an application of your phone, beside the password.
application-which = You need an application that gives sign-in codes, for example FreeOTP, Google Authenticator or Microsoft Authenticator.
application-alone = Keep the backup codes that you will be shown: without the phone and without these codes, your account no longer opens.
application-add = Add an application
application-since = Added on { $day }
application-used = Used { $when }
application-remove = Remove this application
application-remove-title = Remove the code application
application-remove-last = Then the password alone opens your account, and your backup codes no longer work.
application-remove-other = Your other application and your backup codes still work.
application-remove-passkey = Your passkey and your backup codes still work.
application-scan-title = In the application
application-scan = Read this QR code with the application of your phone. You have 15 minutes.
application-qr = QR code to read with the application
application-by-hand = On this same phone, or without a camera, copy this key into the application:
application-code-title = Then, here
application-code = 6-digit code that the application gives
application-code-empty = Give the code that the application shows.
application-code-malformed = The code of the application has 6 digits.
application-code-wrong = That code is not right. Take the one that the application shows now.
application-confirm = Add the application
factor-told-added = The application is added.
factor-told-removed = The application is removed.
factor-told-too_late = Nothing is added: start again.
factor-told-nothing = Nothing has changed: start again.
backup-title = Backup codes
backup-left = left: { $left }
backup-none = None is left: make new ones.
backup-what = For the day when the phone is lost. Each works once, with the password. Keep them on paper.
backup-added = The application is added. Here are your backup codes.
backup-added-passkey = The passkey is added. Here are your backup codes.
backup-keep = Print them or copy them, and keep them away from the phone. Each works once, with the password. Without the phone and without these codes, your account no longer opens.
backup-once = They will not be shown again.
backup-renew = Make new codes
backup-renew-effect = The old ones will no longer work.

## Console: relying parties
admin-room-services = Services
admin-services-where = The sites that people enter with this account, on your territory: { $place }
admin-services-connected = Connected services
admin-services-filter = Filter the services
admin-services-words = Name, client_id or domain
admin-services-all = All
admin-filter = Filter
admin-services-none = No service.
admin-services-none-fit = No service fits.
admin-services-see-all = See all services
admin-col-service = Service
admin-col-perimeter = Perimeter and profiles
admin-col-used = Last sign-in
admin-col-sign-outs = Sign-outs, 7 days
admin-col-notes = To know
admin-service-is-requested = Request to read
admin-service-is-in_use = In use
admin-service-is-to_repair = To repair
admin-service-is-suspended = Suspended
admin-service-is-gone = Withdrawn
admin-service-schools = { $n ->
    [one] 1 school
   *[other] { $n } schools
}
admin-service-everybody = Everybody
admin-people-responsable = parents
admin-people-eleve = pupils
admin-people-enseignant = teachers
admin-people-personnel = other staff
admin-people-invite = guest accounts
admin-never-used = no sign-in yet
admin-service-undelivered = { $n ->
    [one] 1 not delivered
   *[other] { $n } not delivered
}
admin-service-delivered = all delivered
admin-service-unprotected = sends neither PKCE nor nonce
admin-service-file = described by a file
admin-for-programmers = For programmers
admin-discovery = Discovery address:
admin-service-used = last sign-in on { $day }
admin-service-of-file = This service is described by a file of the deployment; the file decides.
admin-service-unprotected-why = On { $day }, this service exchanged a code without PKCE and without nonce: a stolen code could be slipped into another sign-in. It must send one of the two.
admin-service-suspended-by = Suspended { $when } by
admin-service-done-suspended = The service is suspended: no sign-in and no token of this service counts any more.
admin-service-done-resumed = The suspension has ended.
admin-service-wrong-reason = Say why, in 300 characters at most.
admin-service-wrong-changed = This has changed since: here is the service as it is now. Try again.
admin-actor-operator = the operator
admin-actor-client = the service itself
admin-actor-administrator = somebody who no longer administers
admin-actor-preau = this program
admin-sign-outs = Sign-outs delivered
admin-sign-outs-taken = { $taken } delivered of { $ended } in 7 days
admin-sign-outs-none = No sign-out in 30 days.
admin-sign-outs-no-address = This service has no address for the end of a session: a sign-out does not close its site.
admin-col-result = Result
admin-col-tries = Tries
admin-col-answer = Answer
admin-delivery-delivered = delivered
admin-delivery-waiting = waiting
admin-delivery-refused = refused
admin-delivery-given_up = given up
admin-delivery-answered = the site answers { $status }
admin-delivery-silent = the site does not answer
admin-history = History
admin-col-what = What
admin-col-by = By
admin-change-approved = approved
admin-change-suspended = suspended
admin-change-resumed = suspension ended
admin-change-secret = new secret
admin-change-token = registration token withdrawn
admin-change-declared = described by a file
admin-change-file = file changed
admin-change-file_gone = file removed
admin-change-replaced = changed by the service
admin-change-removed = removed by the service
admin-change-registered = registered
admin-change-other = another change
admin-in-short = In short
admin-client_uri = Address of the site
admin-redirect_uris = Return addresses
admin-post_logout_redirect_uris = After sign-out
admin-backchannel_logout_uri = End of session, server to server
admin-initiate_login_uri = Where to start again
admin-learns = Learns
admin-scope-openid = a number of the person
admin-scope-profile = name
admin-scope-email = e-mail address
admin-scope-phone = mobile number
admin-scope-education = children, schools and classes of the perimeter
admin-scope-offline_access = access while the person is away
admin-subject = Number of the person (sub)
admin-subject-pairwise = proper to the sector
admin-subject-public = the same for all services of this kind
admin-subject-roster = the key of the school's roster
admin-proves-by = Proof of the service
admin-signature = Signature
admin-pkce-required = PKCE required
admin-pkce-taken = PKCE accepted
admin-fapi = FAPI 2.0 profile
admin-consent = Consent of the person
admin-consent-asked = asked for
admin-consent-not-asked = not asked for
admin-contact = Contact
admin-service-suspend = Suspend
admin-service-suspend-why = In less than a minute, no sign-in and no token of this service counts, anywhere. People keep their account.
admin-service-suspend-do = Suspend this service
admin-service-resume = Resume
admin-service-resume-why = Sign-ins to this service work again at once. If it changed since its approval, it waits to be read again.
admin-service-resume-do = End the suspension
admin-proof-asked = A proof within the last 5 minutes will be asked for.
admin-service-of-others = This service is for other territories too: the national level suspends it.

admin-change-secret_closed = former secret closed
admin-service-done-secret_closed = The former secret is closed.
admin-service-wrong-two_secrets = Two secrets are accepted already. Close the former one first, or draw another without delay.
admin-service-wrong-no_overlap = This service signs with its secret: one is accepted at a time.
admin-service-wrong-no_secret = This service has no secret that is changed here.
admin-service-wrong-secret_shown = The secret was shown. Draw another if you do not have it.
admin-secrets = Secrets
admin-secret-current = Current secret
admin-secret-former = Former secret
admin-secret-since = , since { $day }
admin-secret-used = used { $when }
admin-secret-unused = not used yet
admin-secret-until = accepted until { $when }
admin-secret-of-file = The secret is in the file of the deployment.
admin-secret-when-close = Once the current secret is used and the former one no longer is, close the former one.
admin-secret-close = Close the former secret
admin-secret-overlap = The former one stays accepted for
admin-secret-overlap-14 = 14 days
admin-secret-overlap-30 = 30 days
admin-secret-overlap-1 = 1 day
admin-secret-overlap-0 = no time: somebody else knows it
admin-secret-draw = Draw a new secret
admin-secret-how = It is shown once. A proof within the last 5 minutes will be asked for.
admin-secret-new = The new secret, shown this time only
admin-secret-once = Put it now where the service reads it. It leaves in no message, and is kept readable nowhere here.

admin-service-is-trial = On trial
admin-service-change = Change
admin-service-trial-until = On trial until 72 hours after the approval ({ $when }), for 100 people at most; { $n ->
    [0] nobody has come yet
    [one] one has come
   *[other] { $n } have come
}. After that, the service is open to everybody of its perimeter.
admin-change-requested = change or service requested
admin-change-asked = question asked
admin-change-refused = request refused
admin-change-part = approved for a part of the perimeter
admin-change-at_once = changed by those who administer it
admin-change-withdrawn = request withdrawn
admin-requests = Requests
admin-request-nameless = No name yet
admin-request-new = new service
admin-request-change-of = change of { $id }
admin-request-go-on = Go on
admin-request-read = Read
admin-request-is-draft = Draft
admin-request-is-requested = To read
admin-request-is-question = Question asked
admin-request-is-refused = Refused
admin-request-is-approved = Approved
admin-request-is-withdrawn = Withdrawn
admin-request-title = Request a service
admin-change-title = Change the service
admin-request-mend = { $n ->
    [one] One answer is to be mended
   *[other] { $n } answers are to be mended
}
admin-request-wrong-changed = The draft has changed since, in another tab. Your answers are kept here: send again to save them over it.
admin-draft-saved = Draft saved { $when }.
admin-draft-nothing = Nothing changes for anybody until the request is approved.
admin-step-request = Request
admin-step-request-who = you, now
admin-step-review = Reading
admin-step-review-who = somebody else
admin-step-trial-who = 72 h, 100 people at most
admin-question = You are asked a question
admin-part-1 = 1. The service
admin-part-2 = 2. The addresses
admin-part-3 = 3. How the service proves what it is
admin-part-4 = 4. What the service will learn
admin-part-5 = 5. For whom
admin-client_name = Name shown to families
admin-client_name-hint = “to continue to …”: 60 characters at most, no acronym
admin-client_id = Technical name (client_id)
admin-client_id-hint = Letters, digits and hyphens; empty: taken from the name
admin-logo_uri = Address of the logo
admin-logo_uri-hint = PNG, JPEG or WebP, 200 kB at most; it is drawn anew before it is shown
admin-contacts = Whom to tell if something no longer works
admin-contacts-hint = an address of a team rather than of a person
admin-redirect_uris-label = Return addresses (redirect_uris)
admin-redirect_uris-hint = One a line. Where the person comes back to, compared letter by letter, final slash included.
admin-one-a-line = One a line
admin-post_logout_redirect_uris-label = After sign-out (post_logout_redirect_uris)
admin-backchannel_logout_uri-label = End of session, server to server (backchannel_logout_uri)
admin-backchannel_logout_uri-hint = So that a sign-out closes your site too
admin-initiate_login_uri-label = Where to start again (initiate_login_uri)
admin-initiate_login_uri-hint = The button “Start again” of a page that waited too long leads here
admin-sector_identifier_uri-label = List of the addresses (sector_identifier_uri)
admin-sector_identifier_uri-hint = Only if the return addresses have several domains
admin-method-either = A secret, in the header or in the body – the most common
admin-method-client_secret_basic = A secret, in the header only (client_secret_basic)
admin-method-client_secret_post = A secret, in the body only (client_secret_post)
admin-method-private_key_jwt = Its own key (private_key_jwt) – nothing secret to hand over
admin-method-none = Nothing: application on a phone or in the browser (PKCE alone)
admin-method-kept = Today: { $method }. Unless another one is chosen, it stays.
admin-jwks_uri = Address of its keys (jwks_uri)
admin-jwks_uri-hint = Only with a key of its own
admin-library = Library used
admin-library-openid-client = openid-client 6 (Node)
admin-library-oauth2-proxy = oauth2-proxy
admin-library-spring = Spring Security
admin-library-apache = mod_auth_openidc (Apache)
admin-library-keycloak = Keycloak, as a relay
admin-library-ode = ODE (entcore)
admin-library-autre = another
admin-require_pkce = Require PKCE (S256)
admin-fapi-choice = FAPI 2.0 profile: own key, DPoP, PAR and PKCE
admin-scopes-why = Each datum asks for a reason; it is shown to whoever reads.
admin-ask-profile = Name (profile)
admin-ask-education = Given name, school and class of the children of the perimeter (education)
admin-ask-email = Confirmed e-mail address (email)
admin-ask-phone = Verified mobile number (phone)
admin-ask-offline_access = Access while the person is away, 30 days (offline_access); they will have to agree
admin-why-profile = Why the name
admin-why-education = Why the children
admin-why-email = Why the e-mail address
admin-why-phone = Why the mobile
admin-why-offline_access = Why while they are away
admin-ask-subject-pairwise = proper to this service
admin-ask-subject-public = the same for all services of this kind
admin-ask-subject-roster = the key of the school's roster – for the ENT of one academy
admin-profiles = Profiles
admin-perimeter = Perimeter
admin-perimeter-schools = These schools
admin-perimeter-schools-hint = One UAI a line; what follows the UAI is not read
admin-perimeter-academies = Whole academies
admin-perimeter-academies-hint = Their short name; somebody of each will have to approve
admin-perimeter-ministries = Whole ministries
admin-request-note = A word to whoever reads
admin-request-review = Read before sending
admin-request-check = Check now
admin-request-save = Save and finish later
admin-checks = Checks
admin-checks-bad = { $n ->
    [one] 1 to mend
   *[other] { $n } to mend
}
admin-checks-look = { $n ->
    [one] 1 to look at
   *[other] { $n } to look at
}
admin-checks-right = { $n ->
    [one] 1 right
   *[other] { $n } right
}
admin-checks-how = What is to be looked at does not keep you from sending. Whoever reads will see the same list.
admin-checks-none = They run when you save.
admin-checks-when = Done { $when }
admin-verdict-ok = Right:{" "}
admin-verdict-look = To look at:{" "}
admin-verdict-bad = To mend:{" "}
admin-check-name_form = The name has 1 to 60 characters, all of them visible.
admin-check-name_reserved = This name is reserved.
admin-check-name_twin = Another service has this name.
admin-check-client_id_form = The technical name has letters, digits and - _ . ~ only.
admin-check-client_id_taken = This technical name is taken: { $value }
admin-check-contact_form = Give an e-mail address to tell.
admin-check-uri_form = { $value }: https, no star, no fragment
admin-check-uri_wildcard = { $value }: a star would let return to any subdomain. Write each address, for example { $detail }
admin-check-uri_not_https = { $value }: https is needed.
admin-check-uri_too_long = An address has more than 2,000 characters.
admin-check-uri_forbidden_character = { $value }: a character has no place in an address. Take out blanks and accents.
admin-check-uri_relative = { $value }: the address begins with https://
admin-check-uri_ambiguous_host = { $value }: browsers would read another domain than the one that is written.
admin-check-uri_missing_authority = { $value }: the domain is missing.
admin-check-uri_fragment = { $value }: take out what follows #.
admin-check-uri_userinfo = { $value }: a user name is in the address.
admin-check-uri_invalid_scheme = { $value }: https is needed; that of an application is a domain turned round, as fr.exemple.app:/retour
admin-check-uri_plain_http = { $value }: http is for this machine only. https is needed.
admin-check-uri_private_use_scheme = { $value }: such an address is that of an application on a phone.
admin-check-uri_private_use_authority = { $value }: one slash only after the colon.
admin-check-uri_unsafe_path = { $value }: take .. and encoded slashes out of the path.
admin-check-uri_reserved_parameter = { $value }: code, state and iss are reserved for our answer.
admin-check-uri_development = { $value }: an address of development. A public domain name is needed.
admin-check-uri_own_page = { $value }: it is an address of this very server.
admin-check-uri_port_zero = { $value }: nothing listens at port 0.
admin-check-uri_not_uri = { $value }: it is not an address.
admin-check-uri_missing = Give at least one return address.
admin-check-uri_twin = { $value }: the same with and without a final slash. Which one does your site send?
admin-check-answers = { $value } answers ({ $detail })
admin-check-answers_error = { $value } answers { $detail }
admin-check-silent = { $value } does not answer
admin-check-domain_proven = { $value }: domain proven
admin-check-domain_unproven = To prove the domain, put at https://{ $value }/.well-known/preau.txt the line { $detail }
admin-check-several_hosts = Several domains: people have the same number (sub) at all of them, and no other service knows it.
admin-check-sector_names_all = The list names all return addresses
admin-check-sector_lacks = { $value }: the list does not answer, or does not name all return addresses.
admin-check-same_host = { $value }: same domain as the return address
admin-check-other_host = { $value }: another domain than the return addresses
admin-check-logout_taken = The page for the end of a session takes a token of trial ({ $detail })
admin-check-logout_lost = Answers { $detail } to a token of trial: sign-outs will be lost.
admin-check-initiate_leads = Leads to a sign-in request of this service
admin-check-initiate_elsewhere = { $value } does not lead to a request of this service.
admin-check-keys_missing = Say where the keys of the service are (jwks_uri).
admin-check-keys_silent = { $value } does not answer: the keys are not checked.
admin-check-keys_none = { $value }: no RS256, PS256, ES256 or EdDSA key here.
admin-check-keys_weak = { $value }: key too short. 2048 bits are needed.
admin-check-keys_twice = { $value }: two keys of the same name.
admin-check-keys_found = The keys are in place
admin-check-logo_large = Logo: more than 200 kB.
admin-check-logo_silent = The logo does not answer: { $value }
admin-check-logo_drawn = The logo is drawn anew
admin-check-logo_svg = Logo: SVG is not taken.
admin-check-logo_form = Logo: it is no PNG, JPEG or WebP of ordinary size.
admin-check-scope_reason = An answer is missing:
admin-reason-missing = Say why.
admin-check-scope_class = The class is included. If it does not serve, say so: “without the class”.
admin-check-scope_pupil_phone = The mobile of pupils would be given too.
admin-check-library_body = { $value } sends the secret in the body unless told otherwise.
admin-check-library_pkce = { $value } sends no PKCE unless told so.
admin-check-perimeter_empty = Say for which schools, or which academy.
admin-check-perimeter_outside = Nothing of this perimeter is on your territory.
admin-check-academy_unknown = { $value } is no academy that is known here.
admin-check-uai_letter = { $value }: the letter should be { $detail }.
admin-check-uai_form = { $value } is no UAI: seven digits and a letter.
admin-check-uai_unknown = { $value } is not on your territory.
admin-check-uai_outside = { $value } is not on your territory.
admin-check-persons = { $value } parents and { $detail } pupils in these schools today
admin-check-schools_counted = { $value }: { $detail } schools
admin-check-other = { $value }: { $detail }
admin-review-new = Read the request of { $name }
admin-review-change = Read a change of { $name }
admin-review-crumb = Read
admin-requested-by = requested { $when } by { $who }
admin-request-edit = Change the request
admin-review-told-sent = The request has left. Somebody else reads it.
admin-review-told-applied = Done: this change asked for nobody else's agreement.
admin-review-told-decided = Your decision is taken.
admin-review-told-partly = Your agreement is noted. Somebody of each other part of the perimeter must still approve.
admin-decided-by = Last decision, { $when }, by { $who }
admin-what-changes = What changes
admin-col-answer-name = Answer
admin-col-today = Today
admin-col-asked = Asked for
admin-what-it-does = What it does
admin-effect-new = The people of the perimeter will be able to go to { $value } with their account; the first time, they are asked for their agreement. A trial of 72 hours first, for 100 people at most.
admin-effect-name = People will see the name { $value }.
admin-effect-host = Whoever holds the domain name { $value } will be able to receive sign-ins.
admin-effect-scope = The service will learn:
admin-effect-perimeter = Other schools or other profiles are concerned than today.
admin-effect-proof = The service proves otherwise what it is; its present secret no longer serves if it needs none.
admin-effect-nothing = Families will see nothing.
admin-reasons = Why these data
admin-what-says-request = What the request says
admin-your-decision = Your decision
admin-decide-approve = Approve
admin-decide-ask = Ask a question
admin-decide-refuse = Refuse
admin-word-to = A word to { $who }
admin-word-hint = Needed to refuse or to ask
admin-decide = Decide
admin-own-request = It is your request: somebody else decides.
admin-send-title = Send
admin-send-why = The request goes to those who may decide. Nothing changes before they agree.
admin-send-at-once = This change asks for nobody else's agreement: it counts at once.
admin-send = Send the request
admin-withdraw = Withdraw the request
admin-who-decides = Who may decide
admin-decider-author = , no: it is their request
admin-decider-approved = has approved
admin-decider-you = you
admin-nobody-decides = Nobody else may decide here for now. The national level invites somebody.
admin-role-ended = Your role on { $place } ended at { $hour }; nothing was done.
admin-review-wrong-words = Say why to whoever asked, in 300 characters at most.
admin-review-wrong-choice = Choose a decision.
admin-review-wrong-own = It is your request: somebody else decides.
admin-review-wrong-changed = This has changed since: here is the new difference.
admin-review-wrong-bad = An answer is to be mended before sending.
admin-review-wrong-another_waits = Another request for this service already waits for a decision.
admin-review-wrong-too_many = Five requests a person and twenty an academy leave in a day. Go on tomorrow.
admin-request-wrong-too_many_drafts = Twenty drafts are waiting already. Withdraw one, or send it.
admin-request-wrong-too_many_checks = This hour's checks are used up. What you wrote is still here: send it later.
admin-review-wrong-old_checks = The checks are more than a day old. Check again, then decide.
admin-review-wrong-unsound = A check no longer passes, or another service has this name now. Check again.
admin-review-wrong-too_many_checks = This hour's checks are used up. Try again later.
admin-check-again = Check again
admin-field-client_name = Name
admin-field-client_uri = Address of the site
admin-field-logo_uri = Logo
admin-field-contacts = Contact
admin-field-redirect_uris = Return addresses
admin-field-post_logout_redirect_uris = After sign-out
admin-field-backchannel_logout_uri = End of session, server to server
admin-field-initiate_login_uri = Where to start again
admin-field-sector_identifier_uri = List of the addresses
admin-field-token_endpoint_auth_method = Proof of the service
admin-field-jwks_uri = Address of its keys
admin-field-scope = Data (scope)
admin-field-subject_type = Number of the person (sub)
admin-field-profile = Security profile
admin-field-require_pkce = PKCE required
admin-field-sector = Sector
admin-field-academies = Academies
admin-field-ministries = Ministries
admin-field-schools = Schools
admin-field-profiles = Profiles
admin-field-application_type = Kind of application
admin-field-grant_types = Exchanges (grant_types)
admin-value-true = yes
admin-value-false = no
admin-value-plain = ordinary
admin-value-fapi2 = FAPI 2.0
admin-value-web = website
admin-value-native = installed application

admin-otherwise = The same, otherwise
admin-as-file = As a file
admin-as-file-why = For the folder clients of the deployment; the secret is not in it.

admin-settings = Settings to copy
admin-settings-exact = exact for this service; the secret is read from PREAU_SECRET
admin-library-valeurs = Values only

## Console: entry, invitation, team
admin-title = Administration
admin-reload = The page is opening.
admin-sign-in = Enter the administration
admin-sign-in-who = For schools, academies and their help desks. Families have another page.
admin-sign-in-passkey = Your passkey opens the administration, without a password.
admin-no-way-in = Passkeys do not work at this address. Ask whoever runs this service.
admin-or-totp = Or with a password and a code
admin-email = Work e-mail address
admin-demo-doors = Trial on this machine
admin-demo-doors-why = This trial lets you in without proof. Elsewhere a passkey is needed.
admin-demo-enter = Enter: { $name }, { $place }
admin-lost = Passkey lost?
admin-lost-next = The person who gave you this role can invite you again: your former passkeys then stop working.
admin-family = I am a parent or a pupil
admin-waiting = Too many tries. Try again at { $until }.
admin-refused-wrong = This proof does not open the administration. A passkey of your family account does not work here.
admin-refused-empty = Fill in the address, the password and the code.
admin-refused-no_role = Your role has ended, or waits for another person's agreement. Nothing else is missing: ask whoever gave it to you.
admin-invitation = Your invitation
admin-invitation-for = { $name }, { $email }:
admin-invitation-until = This invitation works once, until { $day }.
admin-invitation-passkey = To accept it, create a passkey on this device: it will ask for your fingerprint, your face or its code. It takes the place of a password.
admin-accept-passkey = Create my passkey
admin-accept = Accept the invitation
admin-use-application = I cannot create a passkey: take a password and an application
admin-use-passkey = Rather a passkey
admin-passkey-only = You have accepted it already?
admin-password-rule = At least 8 characters, a capital, a small letter, a digit and a sign such as + * / @
admin-password-wrong = This password is too short, too well known, or has your name or address in it. Choose another.
admin-password-different = The two passwords are not the same.
admin-invitation-ended = This invitation no longer works
admin-invitation-ended-why = It was used, a newer one replaces it, or it is more than 7 days old.
admin-invitation-ended-next = Ask the person who sent it for another, or enter if you accepted it already.
admin-proof = Show that it is you
admin-proof-why = This needs a proof of less than 5 minutes. Then you go on where you were.
admin-proof-refused = The proof was not accepted. Try again.
admin-second-key = Add a second passkey
admin-second-key-why = Your role asks for two passkeys, on two devices: a single one, lost, would shut you out. Until then, whatever asks for a proof waits.
admin-my-roles = My roles
admin-key-created = created on { $day }
admin-key-used = used { $when }
admin-has-totp = A password and an application
admin-add-key-why = Take another device, or a security key that you keep elsewhere.
admin-crumbs = Where I am
admin-menu = Menu
admin-search = Search
admin-search-what = for a person or a code
admin-session-ends = Without activity, your session ends at { $hour }.
admin-sign-out = Sign out
admin-room-home = Home
admin-room-team = Team
admin-everything = the whole territory
admin-until = until { $day }
admin-pupils-only = pupils only
admin-role-national = National administration
admin-role-academy = Academy administration
admin-role-school_head = Head of school
admin-role-delegate = Delegate
admin-role-help_desk = Help desk
admin-role-service_contact = Technical contact
admin-role-auditor = Auditor
admin-what-national = May do everything, everywhere.
admin-what-academy = Sees and unblocks the academy's families, follows campaigns and services, invites within the academy.
admin-what-school_head = Sees and unblocks the school's families, suspends an account, prints letters, invites delegates.
admin-what-delegate = Sees and unblocks the families of its classes, prints one letter at a time.
admin-what-help_desk = Sees and unblocks families, without letters or suspensions.
admin-what-service_contact = Follows its own service: settings, secrets, trials.
admin-what-auditor = Reads the journal and the figures, sees no person.
admin-team-rule = Everybody gives only what they have, on all or part of their territory.
admin-team-empty = Nobody else administers here.
admin-col-who = Who, and where
admin-col-state = State
admin-col-role = Role
admin-col-proof = Proof
admin-col-seen = last visit:
admin-col-giver = given by
admin-col-acts = Acts
admin-state-active = Active
admin-state-invited = Invitation sent
admin-state-waiting = Waits for agreement
admin-state-ended = Ended
admin-proof-totp = password and application
admin-proof-keys = { $n ->
    [0] none
    [one] { $n } passkey
   *[other] { $n } passkeys
}
admin-giver-operator = Operator
admin-approve = Approve
admin-renew = Invite again
admin-end-role = End
admin-next = Next
admin-invite = Invite
admin-name = First and last name
admin-territory = Territory
admin-territory-hint = The school's UAI (0349999J), or the short name of the academy or the service
admin-class = Class
admin-class-hint = For a delegate of one class, as the roster writes it
admin-pupils-only-hint = Pupils only, without the parents
admin-end = Until
admin-end-hint = Empty: no planned end
admin-review = Read the invitation again
admin-invite-how = The person gets a link that works for 7 days. They create their passkey; the role begins then.
admin-review-mail = A message goes to this address, with a link that works for 7 days. Somebody who administers already is only told.
admin-review-link = No message leaves from here: the link, which works for 7 days, is shown to you once.
admin-review-approval = This role waits for the agreement of another person who could give it.
admin-told-given = The role is given.
admin-told-ended = The role has ended.
admin-told-approved = Your agreement is noted: the role begins.
admin-told-renewed = The former proofs no longer work, and a new invitation is on its way.
admin-link-once = Hand this link to the person, and to nobody else. It is not shown again.
admin-wrong-name = Fill in a first and last name, 100 characters at most.
admin-wrong-email = This address is not complete. Example: n.kaci@ac-montpellier.fr
admin-wrong-role = This role does not exist on such a territory.
admin-wrong-already = This person has this role already.
admin-wrong-territory = This territory is not within yours ({ $place }), or the end is later than yours.
admin-wrong-until = This date does not exist, or is past.
admin-me = My roles and my passkeys
admin-to-do = To do
admin-nothing-waits = Nothing waits.
admin-colon = :
admin-task-closing = the campaign closes on { $day }.
admin-task-contested = { $n ->
    [one] a parent answered No for a child.
   *[other] { $n } answers No for a child.
}
admin-task-set_aside = { $n ->
    [one] a child set aside after too many wrong dates.
   *[other] { $n } children set aside after too many wrong dates.
}
admin-task-recovery_failed = { $n ->
    [one] a new password refused: no date was right.
   *[other] { $n } new passwords refused: no date was right.
}
admin-task-shared_mobile = { $n ->
    [one] a password replaced by way of a mobile that two people have.
   *[other] { $n } passwords replaced by way of a mobile that two people have.
}
admin-task-reopening = { $n ->
    [one] a request to reopen.
   *[other] { $n } requests to reopen.
}
admin-task-unreachable = { $n ->
    [one] a parent without a mobile that gets a code.
    [1000] 1,000 parents or more without a mobile that gets a code.
   *[other] { $n } parents without a mobile that gets a code.
}
admin-task-country_refused = { $n ->
    [one] a mobile of a country to which no message goes.
   *[other] { $n } mobiles of a country to which no message goes.
}
admin-task-phone_disowned = { $n ->
    [one] a mobile that is no longer the parent's.
   *[other] { $n } mobiles that are no longer the parents'.
}
admin-task-link_repeated = { $n ->
    [one] a link written twice, in two ways.
   *[other] { $n } links written twice, in two ways.
}
admin-figures = Where the school stands
admin-figures-school = The school's page
admin-figure-parents = parents have an active account
admin-figure-pupils = pupils have an active account
admin-figure-of = of { $n }
admin-figure-unreachable = parents without an account get no text message
admin-figure-unreachable-why = a letter opens an account for them
## Console: people
admin-room-people = People
admin-found = On your territory: { $place }
admin-found-nobody = Nobody fits on your territory: { $place }
admin-too-many-fit = Too many people have a name that begins so: type more of it, add a first name, or search by the username or the end of the mobile.
admin-search-start = A name, a username, the end of a mobile, a child or a code
admin-search-short = Type two letters at least.
admin-search-wrong_uai = The letter of this UAI is not the right one: a digit may be wrong.
admin-search-four_digits = On so large a territory, type the last four digits of the mobile.
admin-refine = Refine
admin-search-label = Name, username, end of the mobile, child or code
admin-people-found = People found
admin-col-name = Name and children
admin-col-profile = Profile
admin-col-account = Account
admin-col-school = School
admin-col-phone = Mobile
admin-col-when = When
admin-col-code = Support code
admin-near-name = (similar name)
admin-pupil = Pupil
admin-parent = Guardian
admin-standing-none = No account yet
admin-standing-unreachable = Number without text messages
admin-standing-pending = Account begun
admin-standing-active = Active account
admin-standing-suspended = Suspended account
admin-standing-closed = Closed account
admin-ends-in = ends in { $end }
admin-more-hits = There are more: add a first name, a child or a class.
admin-what-to-type = What can be typed
admin-what-to-type-how = “leboeuf”, “Le Bœuf”, “sandrine leb”, “s.leboeuf41”, “07 41” (the end of the mobile), or the code that the parent reads out, such as “M2T-9QD”. Accents, hyphens and order do not count.
admin-nobody-fits = Nobody fits?
admin-nobody-roster = The person is not, or not yet, in the school's roster.
admin-nobody-elsewhere = They are at another school: the academy's help desk finds them.
admin-nobody-contact = A mere contact has no account: a legal link is needed.
admin-why-title = What keeps them out
admin-why-title-nothing = Nothing keeps them out
admin-cause-no_child = No pupil present
admin-cause-suspended = Suspended account
admin-cause-phone_none = No mobile known
admin-cause-phone_landline = Landline
admin-cause-phone_incomplete = Incomplete number
admin-cause-phone_disowned = Mobile given up
admin-cause-phone_unusable = Number without text messages
admin-cause-other_number = Another mobile
admin-cause-campaign_closed = Activation closed
admin-cause-campaign_not_open = Activation not open
admin-cause-campaign_upcoming = Activation not open
admin-cause-codes_used_up = Too many wrong codes
admin-cause-set_aside = Child set aside
admin-cause-contested = Child denied
admin-cause-pending = Password to choose
admin-cause-password_waits = Too many wrong passwords
admin-cause-must_change = New password required
admin-cause-outside_perimeter = A service of other schools
admin-cause-other_door = Another line of the chooser
admin-cause-not_in_portal = Tomorrow in the portal
admin-cause-two_accounts = Two accounts
admin-cause-no_letter = No password yet
admin-cause-not_activated = Not activated yet
admin-cause-closed = Closed account
admin-cause-nothing = Nothing to repair
admin-why-no_child = The roster does not name this person as legal guardian of any pupil present.
admin-why-suspended = The account is suspended by { $by }.
admin-why-phone_none = The school knows no mobile: the text message cannot leave.
admin-why-phone_landline = The number that the school knows is a landline: the text message cannot arrive.
admin-why-phone_incomplete = The number that the school knows is not complete: the text message cannot leave.
admin-why-phone_disowned = The person said that this mobile was no longer theirs.
admin-why-phone_unusable = The number that the school knows gets no text message.
admin-why-other_number = { $when }, a request came in this name with a mobile ending in { $last2 }. The school knows another one: no text message left.
admin-why-campaign_closed = The activation has been closed since { $when }.
admin-why-campaign_not_open = The activation is not open.
admin-why-campaign_upcoming = The activation opens on { $when }.
admin-why-codes_used_up = Too many wrong codes today. Another try is possible at { $when }.
admin-why-set_aside = Too many wrong dates of birth for { $names }.
admin-why-contested = Answered “No” for { $names }.
admin-why-pending = The username is given; the password was not chosen.
admin-why-password_waits = Too many wrong passwords. Another try is possible at { $when }.
admin-why-must_change = A new password is required. The former one leads to the page that chooses another.
admin-why-outside_perimeter = The account works, but { $names } does not concern { $schools }.
admin-why-other_door = The account works, but { $names } does not concern { $schools }: for this school it is { $door }.
admin-why-not_in_portal = The account works, but { $names } does not know this person yet: the academy sends it the list of families every night.
admin-why-two_accounts = Two accounts have this name and this mobile.
admin-why-no_letter = A pupil first enters with the school's sheet.
admin-why-not_activated = Nobody has asked for an activation in this name yet.
admin-why-closed = The account is closed and does not reopen.
admin-why-nothing = The account works. If the person does not get in, it is the password: “Forgotten password” chooses another.
admin-unblocks = What unblocks now
admin-act-of-others = This is for the head of the school to do.
admin-act-of-academy = This is for the academy that suspended the account, or for the national administration.
admin-act-of-national = This is for the national administration to do.
admin-act-of-other_school = This is for the school that suspended the account, or for its academy.
admin-act-letter = A letter with a code that serves once, handed over in person. The dates of birth will still be asked.
admin-act-reopen = The activation opens for this person alone, for 7 days.
admin-act-give_tries_back = The tries are given back for { $names }, and the child returns to the account. The date is to be read from a paper, not said on the telephone.
admin-act-lift_contest = The “No” for { $names } was an error: the child returns to the account.
admin-act-suspend = Nobody gets in with this account until it is resumed: every sign-in that is open ends, services are told, and the person reads whom to turn to. The password and letters stay.
admin-act-resume = The suspension ends. Password and letters work again.
admin-act-show_identifiant = The username is shown once, and the journal notes it.
admin-act-remove_factors = The password alone will open the account. Open sessions end, and the person is told.
admin-act-end_sessions = For a phone that was lost or stolen: every sign-in that is open ends, on every device, and none is known any more. The password stays; if somebody knows it, “Forgotten password?” chooses another.
admin-act-withdraw_letter = For a letter that bears the wrong name, was lost or went to somebody else: its code serves no more from now on. The last letter was printed { $when }.
admin-do-letter = Prepare the letter
admin-do-reopen = Reopen for 7 days
admin-do-give_tries_back = Give the tries back
admin-do-lift_contest = Take the No back
admin-do-suspend = Suspend the account
admin-do-resume = Resume the account
admin-do-show_identifiant = Show the username
admin-do-remove_factors = Remove the second proofs
admin-do-end_sessions = Sign out everywhere
admin-do-withdraw_letter = Withdraw the letter
admin-done-reopen = The activation is open for this person, for 7 days.
admin-done-give_tries_back = The tries are given back.
admin-done-lift_contest = The child is in the account again.
admin-done-suspend = The account is suspended, and all its sign-ins have ended.
admin-done-resume = The account is resumed.
admin-done-remove_factors = The second proofs are removed.
admin-done-end_sessions = Every sign-in has ended. The person signs in again with the password.
admin-done-withdraw_letter = The letter is withdrawn: its code serves no more.
admin-done-show_identifiant = The username, shown this time only:
admin-not-done = Nothing was done
admin-repair-nothing_to_do = There is nothing to repair any more: the page shows where the account stands now.
admin-repair-letter_limit = Twenty letters to active accounts were printed today. Go on tomorrow.
admin-repair-letter_changed = The account changed while the letter was printed: nothing was printed. Here is what is true now; begin again if the letter is still of use.
admin-repair-letter_nobody = No letter can be printed for this person here.
admin-checked = How did you check the identity?
admin-check-paper = In front of me, identity paper seen
admin-check-known = In front of me, I know the person
admin-check-called_back = Called back at the number that the school knows
admin-wrong-check = Say how you checked the identity.
admin-wrong-reason = Say why, in 300 characters at most.
admin-reason = Reason
admin-other-acts = Other acts
admin-what-happened = What happened
admin-nothing-happened = Nothing is noted.
admin-event-near = Request in this name with a mobile ending in { $last2 }; no text message left
admin-own-school = School
admin-children = Children
admin-no-child-here = No pupil present.
admin-link-legal = legal link
admin-link-in_charge = person in charge
admin-link-contact = contact
admin-other-parent = Nothing of another guardian is shown here.
admin-account = Account
admin-campaign = Activation
admin-campaign-open = open
admin-campaign-upcoming = not open yet
admin-campaign-closed = closed
admin-campaign-not_planned = not planned
admin-phone-mobile = gets text messages
admin-phone-none = no number
admin-phone-landline = landline
admin-phone-incomplete = incomplete
admin-phone-unusable = without text messages
admin-phone-disowned = given up
admin-say = Say on the telephone
admin-never-say = Never read a code, a password or a date of birth out on the telephone.
admin-say-no_child = “The school's roster does not name you as legal guardian of a pupil present. The secretariat can correct it.”
admin-say-suspended = “Your account is suspended by { $by }, which will tell you why.”
admin-say-phone_none = “We do not have your mobile. Come to the secretariat with an identity paper.”
admin-say-phone_landline = “Your number with us is a landline, the message cannot arrive. Come to the secretariat with an identity paper.”
admin-say-phone_incomplete = “Your number with us is not complete. Come to the secretariat with an identity paper.”
admin-say-phone_disowned = “You said that this mobile was no longer yours. Come to the secretariat with an identity paper.”
admin-say-phone_unusable = “Your number with us gets no text message. Come to the secretariat with an identity paper.”
admin-say-other_number = “The mobile that you typed is not the one that we know. The secretariat corrects it when you come with an identity paper.”
admin-say-campaign_closed = “The activation closed on { $when }. I can reopen it for you.”
admin-say-campaign_not_open = “The activation is not open yet.”
admin-say-campaign_upcoming = “The activation opens on { $when }. I can open it for you.”
admin-say-codes_used_up = “Too many wrong codes today: try again at { $when }, or come for a letter.”
admin-say-set_aside = “A date of birth was wrong several times. Come with your papers: we give the tries back.”
admin-say-contested = “You answered No for a child. If it was an error, we take it back.”
admin-say-pending = “Begin the activation again: you find the same username.”
admin-say-password_waits = “Wait until { $when }, or choose a new password.”
admin-say-must_change = “Choose a new password: the page leads you there.”
admin-say-outside_perimeter = “Your account works. The service { $names } is that of other schools: it does not concern { $schools }. Tell us what you are looking for.”
admin-say-other_door = “Your account works. { $names } does not concern { $schools }: go back to the list of choices, and take { $door }.”
admin-say-not_in_portal = “Your account is ready. { $names } will know you tomorrow: the academy sends it the list every night. If nothing has changed in two days, call us again.”
admin-say-two_accounts = “You have two accounts. In one of them, “Join two accounts” makes one of them.”
admin-say-no_letter = “The sheet with your code is at the school.”
admin-say-not_activated = “Activate your account with the mobile that the school knows.”
admin-say-closed = “This account is closed.”
admin-say-nothing = “Your account works. With Forgotten password you choose another one.”
admin-code-title = Support code { $code }
admin-code-unknown = This code is unknown, is not of your territory, or is more than 30 days old.
admin-trace-activation = Activation
admin-trace-near = Activation with another mobile
admin-trace-notice = Notice
admin-trace-page = Page
admin-outcome-not_open = the activation was not open
admin-outcome-campaign_closed = the activation was closed, the request to reopen it was passed on
admin-outcome-suspended = the account is suspended
admin-outcome-nobody = the right code, but no pupil present
admin-outcome-none_right = no date of birth was right
admin-outcome-ended = ended without an account
admin-outcome-not_found = nobody has this name with this mobile, no text message left
admin-outcome-sent = a text message left, the code was not typed
admin-outcome-done = finished, the account is active
admin-outcome-under_way = the right code was typed, the activation is under way
admin-outcome-other_number = the school knows another one, no text message left
admin-outcome-open = to be seen to
admin-outcome-settled = seen to
admin-outcome-shown = shown with this code
mail-admin-invitation-subject = { $service }: your invitation to the administration
mail-admin-invitation = Hello,

    You have an invitation to the administration of { $service }.

    Open this address within 7 days, on the device you work with: { $link }

    It works once. If you did not expect this invitation, do not open it and tell your academy.
mail-admin-role-subject = { $service }: one more role in the administration
mail-admin-role = Hello,

    You were given a role in the administration of { $service }. You will find it after your next entry: { $link }

    If you did not expect it, tell your academy.

mail-console-notices-subject = { $service }: something new at your school
mail-console-notices = Hello,

    New points since the last message: { $new }. Waiting in all: { $n }.

    Open the console as you always do, or by this address: { $link }

    One message a day at most, and only if there is something new.
mail-console-notices-acts-subject = { $service }: something new at your school
mail-console-notices-acts = Hello,

    New points since the last message: { $new }. Waiting in all: { $n }.

    { $when }, others than you acted for people of your school:
    { $acts }

    The journal of the console says for whom, and why: { $link }

    One message a day at most, and only if there is something new.
mail-console-acts-yesterday = Yesterday
mail-console-acts-since = Since { $day }
mail-console-act = • { $who }: letters printed { $letters }, people unblocked { $unblocked }, mobiles replaced { $phones }
mail-console-requested-subject = { $service }: a request waits for your decision
mail-console-requested = Hello,

    A request for the service “{ $client }” waits for your decision.

    Read it in the console: { $link }
mail-console-overdue-subject = { $service }: a request has waited for two working days
mail-console-overdue = Hello,

    Nobody has decided for two working days on a request for the service “{ $client }”. You can.

    Read it in the console: { $link }
mail-console-approved-subject = { $service }: your request is approved
mail-console-approved = Hello,

    The request for the service “{ $client }” is approved.

    The words of whoever decided: { $words }

    What follows is in the console: { $link }
mail-console-refused-subject = { $service }: your request is refused
mail-console-refused = Hello,

    The request for the service “{ $client }” is refused.

    The words of whoever decided: { $words }

    You find it in the console: { $link }
mail-console-question-subject = { $service }: a question about your request
mail-console-question = Hello,

    You are asked something about the request for the service “{ $client }”.

    The question: { $words }

    Answer in the console: { $link }
mail-console-trial-ended-subject = { $service }: a trial has ended
mail-console-trial-ended = Hello,

    The trial of the service “{ $client }” has ended: it is not limited to a hundred people any more.

    Look at its figures in the console: { $link }
mail-console-secret-old-subject = { $service }: a secret is eleven months old
mail-console-secret-old = Hello,

    A secret of the service “{ $client }” is more than eleven months old. Draw another one: the old one serves while you replace it.

    It is in the console: { $link }
mail-console-secret-closing-14-subject = { $service }: a secret closes in less than 14 days
mail-console-secret-closing-14 = Hello,

    A secret of the service “{ $client }” will not be taken any more in less than 14 days. See that the service uses the new one already.

    The date is in the console: { $link }
mail-console-secret-closing-3-subject = { $service }: a secret closes in less than 3 days
mail-console-secret-closing-3 = Hello,

    A secret of the service “{ $client }” will not be taken any more in less than 3 days. See that the service uses the new one already.

    The date is in the console: { $link }
mail-console-deliveries-subject = { $service }: sign-outs do not arrive
mail-console-deliveries = Hello,

    For more than an hour the service “{ $client }” has not taken notices of sign-outs: whoever signs out stays signed in there.

    Each attempt and its answer are in the console: { $link }
mail-console-deliveries-academy-subject = { $service }: sign-outs have not arrived for a day
mail-console-deliveries-academy = Hello,

    For more than a day the service “{ $client }” has not taken notices of sign-outs: whoever signs out stays signed in there.

    Each attempt and its answer are in the console: { $link }
mail-console-unused-subject = { $service }: a service is not used any more
mail-console-unused = Hello,

    Nobody has used the service “{ $client }” for 90 days. If it serves no more, give it up.

    It is in the console: { $link }
mail-console-suspended-subject = { $service }: a service is suspended
mail-console-suspended = Hello,

    The service “{ $client }” is suspended: nobody can sign in there.

    The reason is in the console: { $link }

## Passkeys
passkeys-title = Passkeys
passkeys-what = Sign in with the fingerprint, the face or the code of your phone. Nothing to remember, nothing to copy, and nobody can steal it from you with a false site.
passkeys-shared = Add none on a device that you share with your children: it opens for whoever unlocks the device.
passkey-use = Use my passkey
passkey-add = Add a passkey
passkey-offer = Sign in without a password on this device
passkey-title = Passkey
passkey-used = Added on { $day } · last used { $when }
passkey-unused = Added on { $day } · not used yet
passkey-edit = Rename or remove
passkey-edit-for = Rename or remove the passkey “{ $label }”
passkey-label = Name of the passkey
passkey-label-hint = To recognise it, for example “Fatou’s phone”
passkey-label-wrong = Give a name of at most 60 characters.
passkey-rename = Rename
passkey-lost = I have none of my passkeys any more
passkey-remove-title = Remove this passkey
passkey-remove-effect = It will not open this account any more. Then delete it from your device.
passkey-remove-proof = First show that it is you, with this passkey or another of this account.
passkey-remove = Remove the passkey
passkey-remove-caution = After a recent change, to be safe, this passkey can be removed from { $day } at { $hour }.
passkey-last = This account has no password: without this passkey nobody could get in any more.
passkey-prove = Confirm with a passkey
passkey-first-another = First show that it is you, with a passkey that this account has already.
passkey-full = This account has ten passkeys already. Remove one first.
passkey-later = Later
passkey-offer-later = From { $day } at { $hour }, you can sign in without a password on this device: add a passkey on the page **Password and devices**.
passkey-needs-script = Your browser cannot use a passkey here.
passkey-adds-proof = From then on, on a device that your account does not know, the password is not enough: this passkey is needed too, or one of the backup codes that you will be shown.
passkey-refused = This passkey could not be verified. Try again, or use your password.
passkey-failed = The passkey was not used. Try again whenever you like.
passkey-known = This device already has a passkey of this account.
passkey-not-done = Nothing has changed
passkey-not-accepted = The passkey could not be verified. Try again.
notice-passkey-added-title = A passkey was added to your account
notice-passkey-added = It was { $when }, from another device. Was it you?
notice-passkey-removed-title = A passkey was removed from your account
notice-passkey-removed = “{ $detail }”, { $when }. Was it you?
notice-passkey-copied-title = One of your passkeys may have been copied
notice-passkey-copied = A sign-in with “{ $detail }” was refused { $when }. Remove this passkey, then add another.
event-passkey-added = Passkey added
event-passkey-removed = Passkey removed
event-passkey-copied = Passkey refused: perhaps copied

## Console: schools
admin-room-schools = Schools
admin-room-letters = Letters
admin-schools-where = The activation campaigns of your territory: { $place }
admin-schools-filter = Filter the schools
admin-schools-words = Name or UAI
admin-schools-all = All
admin-schools-none = No school.
admin-schools-none-fit = No school fits.
admin-schools-none-yet = No school fits among the first ones. The next ones may.
admin-schools-see-all = See all schools
admin-col-campaign = Campaign
admin-col-share = Share
admin-col-accounts = Accounts
admin-col-unreachable = Unreachable
admin-col-choose = Choose
admin-col-class = Class
admin-col-parents = Parents
admin-col-with-account = With an account
admin-col-day = Day
admin-col-parent = Parent
admin-col-given-name = Given name
admin-col-children = Children
admin-col-why = Why
admin-col-known = What is known
admin-col-parent-and-children = Parent and children
admin-no-roster = no roster
admin-n-of = { $n } of { $of }
admin-days = { $n } days
admin-see = See
admin-campaign-is-open = Open
admin-campaign-is-upcoming = To come
admin-campaign-is-closed = Closed
admin-campaign-is-not_planned = Never opened
admin-campaign-until-open = until { $day }
admin-campaign-until-upcoming = opens on { $day }
admin-campaign-until-closed = closed on { $day }
admin-campaign-until-not_planned = never opened
admin-campaign-open-long = from { $from } to { $to }: { $n ->
    [0] last day
    [one] 1 day left
   *[other] { $n } days left
}
admin-campaign-upcoming-long = from { $from } to { $to }
admin-campaign-closed-long = closed on { $to }
admin-print-letters = Print letters
admin-school-own-classes = You see your classes; the figures are those of these classes.
admin-school-no-roster = No roster was taken for this school.
admin-tile-share = of the parents have an account
admin-tile-academy = academy: { $share }
admin-tile-pupils = pupils have at least one parent with an account
admin-tile-pupils-none = { $n ->
    [0] no pupil without anybody
    [one] 1 pupil without anybody
   *[other] { $n } pupils without anybody
}
admin-tile-not-begun = have begun nothing
admin-tile-not-begun-why = a text message can reach them
admin-tile-unreachable = get no text message
admin-tile-unreachable-why = a letter, or the number corrected in the roster
admin-families-wait = To see with families
admin-family-contested = says that { $pupil } is not their child. The record is corrected in the roster.
admin-family-set_aside = has used up the tries for the date of birth of { $pupil }.
admin-family-recovery_failed = gave no right date for a new password.
admin-family-shared_mobile = has a new password, chosen by way of a mobile that the roster gives to another person too. To be checked with them, and corrected in the roster.
admin-family-phone_disowned = says that the mobile in the roster is theirs no more.
admin-family-country_refused = has a mobile of a country to which no text message goes. A letter opens the account.
admin-family-link_repeated = is written twice for { $pupil } in the roster, in two ways. The record is mended in the roster.
admin-family-code = code { $code }
admin-family-late = { $n ->
    [one] 1 person who came too late asks to activate an account
   *[other] { $n } people who came too late ask to activate their account
}
admin-family-late-how = they gave a right code while the campaign was not open
admin-family-late-open = Open for them
admin-funnel = How far the parents are
admin-funnel-legal = Legal representatives
admin-funnel-to_activate = To activate
admin-funnel-reachable = Reached by text message
admin-funnel-asked = Asked for a code
admin-funnel-code = Right code
admin-funnel-children = Children confirmed
admin-funnel-active = Account active
admin-lost-to_activate = { $n } had an account already
admin-lost-reachable = { $n ->
    [one] 1 is not
   *[other] { $n } are not
}
admin-lost-asked = { $n ->
    [one] 1 has begun nothing
   *[other] { $n } have begun nothing
}
admin-lost-code = { $n } stopped at the code
admin-lost-children = { $n } stopped at the children
admin-lost-active = { $n } without a password
admin-lost-legal = { $n }
admin-chart = Accounts activated by day
admin-chart-since = { $n } since { $day }
admin-chart-active = activated
admin-chart-unfinished = begun and not finished that day
admin-chart-table = The same figures as a table
admin-list-injoignables = Not reached by text message
admin-list-rien = Have begun nothing
admin-list-code = Stopped at the code
admin-list-enfants = Stopped at the children
admin-list-mot-de-passe = Without a password yet
admin-list-partages = Mobiles shared by two parents
admin-list-par-lettre = Activated with a letter
admin-list-by-letter = { $n ->
    [one] 1 parent activated with a letter
   *[other] { $n } parents activated with a letter
}
admin-list-csv = Download the list (CSV)
admin-list-nobody = Nobody.
admin-list-some = { $n } of { $of }
admin-list-shared = { $n ->
    [one] 1 parent shares a mobile
   *[other] { $n } parents share a mobile
}
admin-tab-all = All
admin-tab-no_number = No number
admin-tab-landline = Landline
admin-tab-incomplete = Incomplete number
admin-tab-foreign = Foreign, not admitted
admin-tab-disowned = Given up
admin-tab-institution = Institution
admin-why-parent-no_number = No mobile number
admin-why-parent-landline = A landline
admin-why-parent-incomplete = Incomplete number
admin-why-parent-foreign = Number of a country to which no text message goes
admin-why-parent-disowned = The person says that this number is theirs no more
admin-why-parent-institution = Institution: no mobile is expected
admin-why-parent-had_account = Had an account already
admin-why-parent-activated = Account active
admin-why-parent-unreachable = No text message arrives
admin-why-parent-not_begun = Has begun nothing
admin-why-parent-stopped_at_code = Asked for a code, and gave no right one
admin-why-parent-stopped_at_children = Gave a right code; the children are not confirmed
admin-why-parent-stopped_at_password = Has a username, and no password yet
admin-tried-other-number = a request in their name, with another number
admin-by-class = By class
admin-order-change = Change the campaign
admin-order-what = What
admin-order-open = Open for everybody, from now on
admin-order-extend = Extend
admin-order-close = Close now
admin-order-late = Open for 7 days for the people who came too late, and for them alone
admin-order-days = How long, to open or to extend
admin-order-read = Look before it changes
admin-order-several = Change several campaigns at once
admin-order-wrong-choice = Choose what changes, and for how long.
admin-order-wrong-no_school = Choose a school at least.
admin-order-wrong-too_many = This is too much at once. Do it in several steps, or tomorrow.
admin-order-done-open = The campaign is open.
admin-order-done-extend = The campaign is extended.
admin-order-done-close = The campaign is closed.
admin-order-done-late = The activation is open for 7 days for the people who had asked.
admin-order-crumb = Read
admin-order-title-open = Open the activation
admin-order-title-extend = Extend the activation
admin-order-title-close = Close the activation
admin-order-title-late = Open the activation for people who came too late
admin-order-changing = { $n ->
    [0] Nothing would change.
    [one] 1 school changes. Nothing is done yet.
   *[other] { $n } schools change. Nothing is done yet.
}
admin-order-is-doing = The activation is being opened, school by school. Closing this page stops nothing.
admin-order-is-cut = Your role ended while it was being opened: it is open for some of these people only.
admin-order-is-done = It is done.
admin-col-then = Then
admin-order-nothing = unchanged
admin-order-after-becomes = open until { $day }
admin-order-after-closes = closed as soon as you confirm
admin-order-after-opens_for = { $n ->
    [one] open for 1 person, until { $day }
   *[other] open for { $n } people, until { $day }
}
admin-order-effect-open = Every legal representative of a current pupil will be able to activate an account. Nobody is told from here.
admin-order-effect-extend = Parents have more time to activate their account. Nobody is told from here.
admin-order-effect-close = Whoever has not begun will read that the activation is closed; the request to reopen it reaches you. Active accounts stay.
admin-order-effect-late = These people will be able to activate their account for 7 days, the others not. Their request is settled then.
admin-order-confirm-open = Open
admin-order-confirm-extend = Extend
admin-order-confirm-close = Close
admin-order-confirm-late = Open for these people
admin-order-back = Go back
admin-order-review-changed = This changed since, or this page is more than an hour old: here is what is true now. If it is still what you want, go back and begin again.
admin-order-review-nothing = There is nothing to change any more.
admin-order-review-role_ended = Your role on { $place } ended at { $hour }; nothing was done.
admin-remind-sms = Remind by SMS
admin-remind-mail = Remind by e-mail
admin-order-done-reminded = The reminders are ordered. They leave little by little, by day; this page says how many have left.
admin-reminders = Reminders
admin-reminder-line = { $when }: { $n } of { $of } have left
admin-reminder-line-mail = { $when }, by e-mail: { $n } of { $of } have left
admin-reminder-is-sending = under way
admin-reminder-is-cancelled = stopped
admin-reminder-is-over = over
admin-reminder-order-sms = Reminders by SMS
admin-reminder-order-mail = Reminders by e-mail
admin-reminder-order-facts = This order
admin-reminder-order-people = Ordered for, at most
admin-reminder-order-sent = Sent
admin-reminder-order-waiting = Not sent yet, at most
admin-reminder-cancel = Stop these reminders
admin-reminder-cancel-effect = { $n ->
    [0] No reminder waits any more.
    [one] One reminder at most is not sent yet: it will not be.
   *[other] { $n } reminders at most are not sent yet: they will not be.
}
admin-reminder-cancel-kept = Whoever got one gets no other reminder for a week. The rest goes back to the budget of the school, and those people can be reminded.
admin-reminder-cancel-over = There is nothing left to stop: everything of this order has left or ended. You have nothing to do.
admin-reminder-cancelled-effect = { $n ->
    [0] Stopped { $when }. No reminder had been sent, and none will be.
    [one] Stopped { $when }. One reminder had been sent; the others will not be.
   *[other] Stopped { $when }. Sent before: { $n }; the others will not be.
}
admin-chart-reminders = reminders
admin-settled = { $n ->
    [one] 1 point settled itself in these 14 days
   *[other] { $n } points settled themselves in these 14 days
}
admin-settled-link_ended = has this child here no more, says the pupil database.
admin-settled-account_active = has an active account now.
admin-settled-child_confirmed = has { $pupil } in the account now.
admin-settled-campaign_reopened = may activate the account again.
admin-settled-number_replaced = has another mobile in the pupil database now.
admin-reminder-title-sms = Remind of the activation by SMS
admin-reminder-title-mail = Remind of the activation by e-mail
admin-reminder-people = { $n ->
    [0] nobody would get it
    [one] 1 person will get it
   *[other] { $n } people will get it
}
admin-reminder-is-done = It is ordered.
admin-reminder-text = The text
admin-reminder-subject = Subject:
admin-reminder-text-how-sms = The same for all, in French, with no child's name and no link to open: a link in an SMS teaches people to follow those of swindlers.
admin-reminder-text-how-mail = The same for all, in French, with no child's name, no code and no link to open: a link in an e-mail teaches people to follow those of swindlers.
admin-reminder-who = Who gets it
admin-reminder-receive-sms = Will get it: no active account, reached by SMS
admin-reminder-receive-mail = Will get it, one person for each address: no active account, an e-mail address in the pupil database
admin-left-out-has_account = Not these: their account is active
admin-left-out-no_mobile = Not these: no SMS reaches them (a letter, or the number corrected in the pupil database)
admin-left-out-shared_number = Not these: their mobile is also another parent's
admin-left-out-no_mail = Not these: the pupil database has no e-mail address of theirs
admin-left-out-same_address = Not these: another parent has the same address, and the e-mail arrives there
admin-left-out-withheld = Not these: they answered that the child is not theirs, or did not find the birth date
admin-left-out-reminded = Not these: a reminder left less than a week ago
admin-reminder-cost = What it costs
admin-reminder-sms = SMS that are billed
admin-reminder-sms-of = { $segments ->
    [one] { $n }, one a person
   *[other] { $n }, { $segments } a person: the text is long
}
admin-reminder-price = Price
admin-reminder-budget-sms = SMS that the school has left in 30 days
admin-reminder-budget-mail = Reminders by e-mail that the school has left in 30 days: { $n } of { $of }.
admin-reminder-effect = The messages leave little by little, by day (the first: { $when }). Whoever activates meanwhile gets none. A person gets one reminder a week at most.
admin-reminder-share-sms = { $share }% at most of the SMS of a day are reminders ({ $n } for all schools together); the rest is kept for codes. What does not leave today leaves on the next days, for 4 days.
admin-reminder-share-mail = { $n } reminders at most leave by e-mail in a day, for all schools together, and after all other messages. What does not leave today leaves on the next days, for 4 days.
admin-reminder-confirm = { $n ->
    [one] Send 1 reminder
   *[other] Send { $n } reminders
}
admin-reminder-wrong-changed = This has changed since, or this page is more than an hour old: here is what is true now. If it is still what you want, go back and begin again.
admin-reminder-wrong-off = This service sends no reminders.
admin-reminder-wrong-mail_off = This service sends no reminders by e-mail.
admin-reminder-wrong-not_open = The campaign is not open, or closes in less than 12 hours: extend it first.
admin-reminder-wrong-nobody = There is nobody to remind.
admin-reminder-wrong-over_budget = This is more than the school has left in 30 days. Your academy can ask those who run the service for more.
admin-reminder-wrong-under_way = Reminders of this school by e-mail are still leaving: wait until all have left, or stop them: open them under “Reminders” on the page of the school.
admin-reminder-wrong-role_ended = Your role on { $place } ended at { $hour }; nothing was done.
admin-letters-what = A code on paper, for whoever gets no text message. It serves once, with a date of birth.
admin-letters-from-school = To print, begin at a school:
admin-batch-new = Print letters: { $school }
admin-batch-for = For whom
admin-batch-for-unreachable = { $n ->
    [one] The parent whom no text message reaches
   *[other] The { $n } parents whom no text message reaches
}
admin-batch-for-responsable = The parents of a class, without an active account
admin-batch-for-eleve = The pupils of a class, without an active account
admin-batch-choose-class = Choose
admin-batch-how = One letter a page. A letter printed before for the same person will not serve any more. The codes are on the paper alone.
admin-batch-carried = Pupils may carry their own sheets home, and their parents' first letters.
admin-batch-not-carried = Pupils may carry their own sheets home. Those for parents go in person or by post: a pupil knows the dates of birth.
admin-batch-print = Print
admin-batches = Printed already
admin-batches-none = No letter was printed from here.
admin-batch-unreachable = Not reached by text message
admin-col-batch = For whom
admin-col-letters = Letters
admin-col-used-letters = Used
admin-col-open-letters = Still valid
admin-batch-title = Letters: { $who }
admin-batch-facts = This batch
admin-batch-withdraw = Withdraw the unused letters
admin-batch-withdraw-for = For letters that were lost on the way, or printed for the wrong class.
admin-batch-withdraw-effect = { $n ->
    [one] One letter is still valid: its code serves no more from now on, not even in a browser where it was just typed.
   *[other] { $n } letters are still valid: their codes serve no more from now on, not even in a browser where one was just typed.
}
admin-batch-withdraw-used = Letters that were used stay used, and their accounts do not change. Whoever still needs a letter gets another one: print it from the list.
admin-batch-withdraw-none = No letter is valid here any more: there is nothing to withdraw.
admin-batch-withdrawn = { $n ->
    [one] one letter withdrawn { $when }
   *[other] { $n } letters withdrawn { $when }
}
admin-batch-withdrawn-effect = { $n ->
    [one] One letter was withdrawn { $when }: its code serves no more.
   *[other] { $n } letters were withdrawn { $when }: their codes serve no more.
}
admin-batch-wrong-choice = Choose for whom, and a class.
admin-batch-wrong-reason = Say why, in 300 characters at most.
admin-batch-wrong-nobody = Nobody needs a letter in this part of the school.
admin-batch-wrong-too_many = These are more than 120 letters. Print class by class.
admin-batch-wrong-changed = The account of one of the people changed while the letters were printed: no letter was printed. Begin again.
admin-batch-wrong-already = These letters are printed already. To print others, use the form below: the former ones will not serve any more.

## Console: rosters
admin-room-rosters = Rosters
admin-rosters-what = The files of a school, compared with what is known before they are taken.
admin-upload-new = Give the files of a school
admin-upload-uai = UAI of the school
admin-upload-uai-hint = Such as 0349999J
admin-upload-format = Which files
admin-upload-format-siecle = SIECLE: ElevesAvecAdresses and ResponsablesAvecAdresses, as XML or ZIP
admin-upload-format-onde = ONDE: the extractions of pupils and responsables
admin-upload-format-csv = A CSV table, if its columns are known already
admin-upload-files = Files
admin-upload-files-hint = All at once, 32 MB at most
admin-upload-nothing-yet = Nothing is written before the difference is read and confirmed.
admin-upload-send = Give them
admin-uploads = Given before
admin-uploads-none = No file was given here.
admin-col-changes = Changes
admin-format-siecle = SIECLE
admin-format-onde = ONDE
admin-format-csv = CSV
admin-upload-is-receiving = Incomplete
admin-upload-is-received = To be read
admin-upload-is-waiting = Waits for a decision
admin-upload-is-writing = To be written
admin-upload-is-taken = Taken
admin-upload-is-refused = Refused
admin-upload-is-stopped = Stopped
admin-upload-is-undone = Undone
admin-upload-wrong-uai = Give the UAI of the school: seven digits and a letter.
admin-upload-wrong-format = Say which files these are.
admin-upload-wrong-number = Choose 1 to 4 files, all at once.
admin-upload-wrong-empty = One of the files is empty.
admin-upload-wrong-bad_zip = A ZIP does not open. Export again, or give the XML files.
admin-upload-wrong-zip_paths = A ZIP has folders in it. Give the ZIP of the export screen, or the XML files.
admin-upload-wrong-zip_too_large = A ZIP holds too much. Give the files of one school only.
admin-upload-wrong-too_many = You have given many files today. Come back tomorrow.
admin-upload-wrong-school_full = Many files of this school wait for a decision already. Decide on an upload of the list or stop it, then begin again.
admin-upload-wrong-academy_full = Many files of the academy wait for a decision. Try again once the academy has decided, or ask it to.
admin-upload-wrong-deployment_full = Too many files wait for a decision to keep more of them. Try again later.
admin-upload-decide-before = Without a decision by { $day } the files are forgotten and nothing is written.
admin-upload-expired = Nobody decided in time: the files are forgotten, nothing was written. Give others.
admin-upload-title = Roster: { $school }
admin-upload-given = given { $when } by { $who }
admin-upload-files-n = { $n ->
    [one] 1 file, { $kb } kB
   *[other] { $n } files, { $kb } kB
}
admin-upload-step-given = Given
admin-upload-step-read = Read and compared
admin-upload-step-agreed = Decision
admin-upload-step-written = Written
admin-upload-at-work-received = The files are being read and compared. This takes some seconds.
admin-upload-at-work-writing = The changes are being written. Sign-ins go on.
admin-upload-close-page = Closing this page stops nothing; after an interruption the work goes on.
admin-upload-no-refresh = Do not load this page again by itself
admin-upload-refresh = Load again
admin-upload-gone = { $n } of { $of } pupils would be gone ({ $share })
admin-upload-agreement = An agreement of the academy
admin-upload-needs-academy = The academy's agreement is asked for: many pupils would leave, as after an export of one group, or some families are not of this school alone.
admin-upload-elsewhere = { $n ->
    [one] One person of another school is concerned. Check that they are of this one too.
   *[other] { $n } people of other schools are concerned. Check that they are of this one too.
}
admin-upload-needs-two_persons = This is more than a fifth: two persons of the academy have to agree.
admin-upload-first = { $who } agrees. A second person is missing.
admin-upload-what = What would change
admin-col-gone = Gone
admin-col-new = New
admin-col-changed = Changed
admin-rows-enrolments = Enrolments
admin-rows-links = Links with parents
admin-rows-pupils = Pupils
admin-rows-persons = Parents
admin-departures = Departures by class
admin-col-known-pupils = Known pupils
admin-col-absent = Absent from the file
admin-col-remark = Remark
admin-no-class = no class
admin-whole-class = the whole class
admin-half-class = more than half
admin-changes = Changes
admin-changes-ids = by the number of the record, without names
admin-changes-none = Nothing would change.
admin-lines = Lines to look at
admin-report-csv = Download the report (CSV)
admin-col-kind = Kind
admin-col-line = What the reading says
admin-line-taken = Taken
admin-line-would_be_taken = Would be taken
admin-line-refused = Refused
admin-line-not_read = Not read, so unchanged
admin-line-passed_over = Passed over
admin-line-for_the_school = For the school
admin-line-for_the_academy = For the academy
admin-line-left = Left in place
admin-line-note = Note
admin-upload-refuse = Refuse: other files will be given
admin-upload-take = Take
admin-upload-reason-hint = Kept in the journal
admin-upload-decide = Save the decision
admin-upload-effect = No account is deleted. Going back stays possible for 30 days, as long as nothing else is imported.
admin-upload-others-confirmation = Somebody of the school or the academy decides.
admin-upload-others-academy = Somebody of the academy decides.
admin-upload-others-two_persons = Two persons of the academy decide, one after the other.
admin-upload-stop = Stop
admin-upload-stop-why = The files are forgotten; nothing is written.
admin-upload-stop-do = Stop this upload
admin-upload-undo = Go back
admin-upload-undo-why = The school becomes as it was before these files. Accounts stay.
admin-upload-undo-two = More than a fifth of the pupils or links changes: two persons of the academy have to agree.
admin-upload-undone-by = Undone by { $who }
admin-upload-undo-do = Go back to before
admin-upload-error-choice = Choose: take or refuse.
admin-upload-error-reason = Say why, in 300 characters at most.
admin-upload-error-own = You agree already: another person has to as well.
admin-upload-error-changed = This changed since: here is what is true now.
admin-upload-error-no_undo = This cannot be undone any more: something else was imported since, or 30 days have passed.
admin-task-roster = files that were given wait for a decision.
admin-task-request = a request waits for your decision.
admin-task-question = your request waits for an answer of yours.
admin-task-sign_outs = { $n ->
    [one] one sign-out was not received by the service.
   *[other] { $n } sign-outs were not received by the service.
}

admin-test-title = Test sign-in
admin-test-what = Préau plays the service with a fictitious person and shows exactly what the service would receive. No real account is touched, nothing is counted, nothing is kept but a line of the journal.
admin-test-note-draft = This service is only asked for: the test goes on as if it were approved. None of its addresses is called.
admin-test-note-pending = This service waits for an approval: a real request of it would be refused on arrival.
admin-test-note-suspended = This service is suspended: a real request of it would be refused on arrival.
admin-test-note-gone = This service was taken down: a real request of it would be refused on arrival.
admin-test-note-trial = This service is on trial: each person is told once, on the consent page, and the hundred and first waits for the end.
admin-test-note-consent = The person sees the consent page first. The test answers yes.
admin-test-note-signed_request = This service signs its requests with its key. The test has it not and sends the request unsigned; everything else is checked.
admin-test-note-dpop = The access tokens of this service are bound to a key (DPoP). The test puts an invented thumbprint in its place.
admin-test-person = Fictitious person
admin-test-person-parent = Camille Exemple, parent of a child at { $school }
admin-test-person-siblings = Dominique Exemple, two children in two academies, one of them at { $school }
admin-test-person-pupil = Sacha Exemple, pupil at { $school }
admin-test-person-teacher = Claude Exemple, teaches at { $school }
admin-test-person-staff = Andréa Exemple, works at { $school }
admin-test-person-guest = Lou Exemple, guest at { $school }
admin-test-person-outside = Alix Exemple, whom the service does not concern ({ $school })
admin-test-person-suspended = Maxime Exemple, suspended account
admin-test-run = Try
admin-test-unknown-person = Choose one of the people of the list.
admin-test-limited = You have made 60 tests within an hour. Try again later.
admin-test-site = Open the service's site
admin-test-site-who = It asks for a real sign-in: use your own account.
admin-test-is-complete = The test succeeded
admin-test-is-no_redirect_uri = No test is possible
admin-test-is-refused = The request is refused
admin-test-is-suspended = The account is suspended
admin-test-is-out_of_perimeter = The service does not concern this person
admin-test-why-complete = Request, sign-in of { $name }, code, tokens, information: everything was checked, and an internal proof stood in for the service's own.
admin-test-why-no_redirect_uri = This service has no redirect URI. { $name } could come back nowhere.
admin-test-why-refused = The request itself is refused, with this error at the redirect URI. { $name } sees no page.
admin-test-why-suspended = { $name } gives the right password and reads that the account is suspended. The service learns nothing. Tokens given before are worth nothing any more.
admin-test-why-out_of_perimeter = { $name } signs in and reads that this service concerns none of their children or schools. The service learns nothing, but “access_denied” when the person goes back to it, and “interaction_required” if it asks without a page (prompt=none).
admin-test-steps = Requests and answers
admin-test-step-pushed = The request, pushed before (PAR)
admin-test-step-authorize = The request, by the browser
admin-test-step-token = The code for the tokens
admin-test-step-userinfo = The information
admin-test-request = The service asks
admin-test-answer = Préau answers
admin-test-id-token = ID token
admin-test-verified = Verified with the published keys.
admin-test-not-verified = The published keys do not verify it.
admin-test-cut = The end of the signature is not shown: this token opens nothing.
admin-test-no-key = A real answer would fail: no key of the service fits for encryption, or the test did not read it.
admin-test-encrypted = Encrypted to the service's key { $kid }.
admin-test-encrypted-nameless = Encrypted to the service's key, which has no name (kid).
admin-test-claims = What it says
admin-test-header = Header
admin-test-as-sent = As it is sent, without the end
admin-test-userinfo = Information (userinfo)
admin-test-userinfo-signed = Signed, it is sent like this, without the end:
admin-test-withheld = Not given, and why
admin-withheld-no_scope = not asked for: the service has not the scope { $value }
admin-withheld-other_profile = people of this profile have none
admin-withheld-person_has_none = this person has none
admin-withheld-not_of_aaf = only for people who came from the academy's directory (AAF)
admin-withheld-nothing_within = none of it is in the service's perimeter
admin-withheld-outside = outside of the perimeter: { $value }
admin-withheld-no_refresh_grant = the service is not registered to renew its tokens (refresh_token)
admin-withheld-no_sign_out_address = the service has no address for the end of a session
admin-withheld-credential = never: the username opens the account
admin-withheld-proof = never: the birth date serves as a proof
admin-fapi-tab = FAPI 2.0 requirements
admin-fapi-is = This service has the FAPI 2.0 profile: Préau refuses whatever contradicts it.
admin-fapi-is-not = This service has not the FAPI 2.0 profile, and nothing demands it. To ask for it: “Change”, “FAPI 2.0 profile”. This is what is missing.
admin-fapi-required = Required
admin-fapi-here = This service
admin-fapi-to-do = To be changed
admin-fapi-met = met
admin-fapi-missing = missing
admin-fapi-signed = Besides, a file of the deployment can require signed requests (require_signed_request_object). JARM is not offered.
admin-fapi-need-profile = The profile fapi2
admin-fapi-need-own_key = The service proves itself by its own key (private_key_jwt)
admin-fapi-need-public_keys = Its public keys are known
admin-fapi-need-client_signatures = It signs by PS256, ES256 or EdDSA
admin-fapi-need-audience = The issuer is the only audience (aud) of its proofs
admin-fapi-need-par = It pushes its requests (PAR)
admin-fapi-need-pkce = PKCE with S256
admin-fapi-need-dpop = Its access tokens are bound to a key (DPoP)
admin-fapi-need-code_only = The code only (response_type=code)
admin-fapi-need-server_signatures = What it receives is signed by PS256, ES256 or EdDSA
admin-fapi-need-https = Redirect URIs with https
admin-fapi-need-no_rotation = A refresh token that does not change
admin-fapi-do-profile = Ask for the profile: it sets PAR, PKCE, DPoP and the signatures here.
admin-fapi-do-own_key = Give the service a key instead of the secret, and choose private_key_jwt.
admin-fapi-do-public_keys = Publish the service's keys and register their address (jwks_uri).
admin-fapi-do-client_signatures = Take an RSA key for PS256, or a P-256 or Ed25519 key.
admin-fapi-do-audience = Write the issuer, and nothing else, in aud: a text, not a list.
admin-fapi-do-par = Send the request to /oauth2/par, then the browser with request_uri.
admin-fapi-do-pkce = Send code_challenge and code_challenge_method=S256.
admin-fapi-do-dpop = Add a DPoP proof to each call, with the same key.
admin-fapi-do-code_only = Take the other response types away.
admin-fapi-do-server_signatures = Ask for PS256 for the ID token, and for the information if it is signed.
admin-fapi-do-https = Replace the addresses that are not https.
admin-fapi-do-no_rotation = Give the service a proof: only a program without secret and key has tokens that change.
announcement-information = Information
announcement-disturbance = Disruption
admin-room-announcements = Announcements
admin-announce-what = A message to families, on the pages of sign-in and activation. That of an académie is seen by whoever comes from a service of that one académie.
admin-announce-message = Message
admin-announce-where = Where
admin-announce-from = Begins
admin-announce-to = Ends
admin-announce-level = Kind
admin-announce-fr = In French
admin-announce-en = In English
admin-announce-text-hint = 280 characters at most, without any web or e-mail address. What families need to know, and what they can do.
admin-announce-from-hint = Empty: as soon as it is confirmed. Day and hour of Paris, for example 24/11/2026 14:30.
admin-announce-to-hint = At most 31 days after the beginning.
admin-announce-new = Write an announcement
admin-announce-read = Read before showing
admin-announce-none = No announcement. The pages of sign-in and activation say nothing more.
admin-announce-is-shown = shown
admin-announce-is-upcoming = to come
admin-announce-is-ended = ended
admin-announce-end = End it
admin-announce-ended-by = ended early by { $who }
admin-announce-done-published = The announcement is saved. It shows everywhere within ten seconds of its beginning.
admin-announce-done-ended = The announcement has ended. It disappears everywhere within ten seconds.
admin-announce-wrong-level = Choose the kind of message.
admin-announce-text-empty = Write the message.
admin-announce-text-too_long = The message has more than 280 characters: shorten it.
admin-announce-text-hidden = The message has characters that cannot be seen. Type it again, without pasting it.
admin-announce-text-address = Take the address out: this page asks for a password and sends nobody elsewhere. Put a space after a full stop.
admin-announce-time-no_time = Give a day and an hour, for example 24/11/2026 14:30.
admin-announce-time-past = That hour has passed.
admin-announce-time-too_far = The beginning is more than 90 days ahead.
admin-announce-time-before_begin = The end comes before the beginning.
admin-announce-time-too_long = The end comes more than 31 days after the beginning.
admin-announce-review = Read the announcement
admin-announce-before-after = Before: nothing of this is seen. After: the message shows as below.
admin-announce-is-done = This announcement is saved.
admin-announce-seen = What families will see
admin-announce-beside = Already shown or to come in the same place
admin-announce-nothing-beside = Nothing.
admin-announce-effect-academy = The message shows on the pages of sign-in and activation to whoever comes from a service of { $place } alone.
admin-announce-effect-all = The message shows on all pages of sign-in and activation.
admin-announce-now = as soon as it is confirmed
admin-announce-confirm = Show it
admin-announce-full = Three announcements are already shown or to come in this place. End one of them first.
admin-room-system = System
admin-system-what = What this server finds wrong with the deployment, and how it stands. Checked at { $hour }, once a minute at most. Nothing is changed here.
admin-system-checks = Checks
admin-system-said = What the check says
admin-system-level-ok = in order
admin-system-level-warning = to be looked at
admin-system-level-critical = to be repaired
admin-system-level-unknown = not checked
admin-system-rest = Each server checks itself; the one that answers you is here. Addresses to listen on, the deployment's files and unsealed copies are checked on the machine:
admin-finding-sources = Visitors' addresses
admin-finding-certificate = Certificate
admin-finding-disk = Disk
admin-finding-master-key-file = Master key file
admin-finding-database-files = Database files
admin-finding-migrations = Schema of the database
admin-finding-signing-keys = Signing keys
admin-finding-outbox = Outgoing messages
admin-finding-sms = SMS
admin-finding-sign-outs-told = Sign-outs told
admin-finding-codes-protected = Codes protected by services
admin-finding-clock = Clock
admin-finding-ephemeral-store = Shared memory
admin-finding-sms-gateway = SMS gateway
admin-finding-sms-fallback = Second SMS gateway
admin-finding-sms-voice = Voice calls
admin-finding-mail = Mail
admin-finding-upstream = Identity provider
admin-system-server = This server
admin-system-version = Version
admin-system-issuer = Issuer
admin-system-database = Database
admin-system-migrations = { $n } migrations applied
admin-system-store = Shared memory
admin-system-memory = the memory of this server
admin-system-backup = Last backup by preau backup
admin-system-no-backup = none
admin-system-sms = SMS and campaigns
admin-system-sms-today = SMS of the day
admin-system-caps = Caps half used
admin-system-outages = Outages of SMS
admin-system-outage-since = since { $when }, { $n ->
    [one] one refusal
   *[other] { $n } refusals
}
admin-system-none = none
admin-system-campaigns = Open campaigns
admin-system-keys = Signing keys
admin-system-key = Key
admin-system-since = Since
admin-system-next = Next change
admin-system-key-upcoming = published, not used yet
admin-system-key-active = signs
admin-system-key-retiring = signs no more, still verifies
admin-system-step-publish_next = a next key is published: { $when }
admin-system-step-stop_signing = stops signing: { $when }
admin-system-step-activate = begins to sign: { $when }
admin-system-step-retire = leaves the published set: { $when }
admin-system-step-delete = is deleted: { $when }
admin-system-outbox = Waiting to leave
admin-system-waiting = Waiting
admin-system-tried = Tried without success
admin-system-oldest = The oldest
admin-system-nothing-waits = Nothing waits.
admin-job-find_and_send = Activation codes to look up
admin-job-recovery_code = Recovery codes to look up
admin-job-phone_proof = Codes that prove a mobile
admin-job-sms = SMS and calls
admin-job-mail = Mails
admin-job-notice_sms = SMS of notices, in the morning
admin-job-backchannel_logout = Sign-outs to tell services
admin-system-imports = Imports
admin-system-running = { $n ->
    [one] One import has not ended
   *[other] { $n } imports have not ended
}, { $schools ->
    [one] one school written.
   *[other] { $schools } schools written.
}
admin-system-academy = Académie
admin-system-format = Format
admin-system-last = Last complete one
admin-system-no-import = No complete import.

## Console: journal and figures
admin-room-figures = Figures
admin-room-journal = Journal
admin-few = fewer than 5
admin-col-number = Number
admin-col-academy = Academy
admin-col-actor = Who
admin-col-on = On whom, on what
admin-col-change = Why, and what changed
admin-figures-csv = Take along as CSV
admin-figures-no-uai = That is no school number.
admin-figures-no-uai-next = A UAI has seven digits and a letter, for example 0349999J.
admin-figures-of-school = Figures of a school
admin-figures-uai = School (UAI)
admin-figures-signed-in = sign-ins
admin-figures-refused = refused
admin-figures-in-days = in { $n } days
admin-figures-chart = Sign-ins by day
admin-figures-since = since { $day }
admin-figures-why = Why refused
admin-figures-why-today = Why refused, today
admin-figures-activation-how = Counted by school: whoever has children in two schools counts in each.
admin-figures-by-client = By service
admin-figures-by-academy = By academy
admin-figures-today = Today
admin-figures-all = All figures
admin-figures-how = Written every ten seconds. Above a school, a number below 5 is not told.
admin-result-signed_in = Sign-in
admin-result-wrong_password = Wrong username or password
admin-result-must_wait = Too many tries, has to wait
admin-result-wrong_factor = Wrong second proof
admin-result-wrong_passkey = Passkey refused
admin-result-suspended = Account suspended
admin-result-forced_change = New password to choose first
admin-result-upstream_refused = Refused by another provider
admin-result-busy = Too many people at once
admin-result-outside_perimeter = No child for this service
admin-result-bad_request = Wrong request of the service
admin-funnel-pupils = Pupils
admin-funnel-covered = Of whom a parent has an account
admin-journal-what = Who did what, to whom, why. Nothing in it is ever changed.
admin-journal-own = Your own acts. Nothing in it is ever changed.
admin-journal-csv = Export as CSV
admin-journal-json = Export as JSON
admin-journal-export-how = An export asks for your key again, ends at 5,000 lines, the newest first, and is itself a line of the journal.
admin-journal-not-filtered = This filter gave nothing.
admin-journal-wrong-date = There is no such day. Example: 26/11/2026.
admin-journal-wrong-order = The last day is before the first.
admin-journal-wrong-too_long = This text is too long: 100 characters at most.
admin-journal-filter = Filter the journal
admin-journal-from = From
admin-journal-to = To
admin-journal-kind = Acts
admin-journal-place = UAI or academy
admin-journal-actor = Who (a name)
admin-journal-kind-gestes = Acts of administration
admin-journal-kind-connexions = Sign-ins
admin-journal-kind-activations = Activations
admin-journal-kind-bases = Rosters
admin-journal-kind-services = Services and keys
admin-journal-kind-refus = Refused only
admin-journal-kind-tous = All
admin-journal-only-actor = Only the acts of { $name }.
admin-journal-only-unnamed-actor = Only the acts of one person.
admin-journal-only-person = Only what concerns { $name }.
admin-journal-only-unnamed-person = Only what concerns one person.
admin-journal-all-again = See all
admin-journal-refused = refused
admin-journal-somebody = a person
admin-journal-whole = The whole line
admin-journal-detail = Detail
admin-journal-request = Request
admin-journal-number = Number
admin-recorded-account-pending = account begun, without a password
admin-recorded-account-active = active account
admin-recorded-account-closed = closed account
admin-recorded-account-suspended = suspended account
admin-recorded-account-suspended-school = account suspended by the school
admin-recorded-account-suspended-operator = account suspended by the academy or the operator
admin-recorded-client-pending = to be approved
admin-recorded-client-active = in use
admin-recorded-client-suspended = suspended
admin-recorded-client-gone = removed
admin-recorded-campaign-none = never open
admin-recorded-span = from { $from } to { $to }
admin-recorded-letters = { $n ->
    [0] no valid letter
    [one] 1 valid letter
   *[other] { $n } valid letters
}
admin-recorded-factors-none = no second proof
admin-recorded-factors = { $applications ->
    [0] no application
    [one] 1 application
   *[other] { $applications } applications
}, { $passkeys ->
    [0] no passkey
    [one] 1 passkey
   *[other] { $passkeys } passkeys
}, { $codes ->
    [0] no backup code
    [one] 1 backup code
   *[other] { $codes } backup codes
}
admin-journal-none = No act.
admin-journal-none-that-day = No act on that day.
admin-journal-none-yet = No act among the newest: look further back.
admin-journal-older = Older
admin-journal-newest = The newest
admin-journal-chain-unknown = The chain of lines was not verified yet.
admin-journal-chain-whole = Chain verified { $when }: { $n } lines, no break.
admin-journal-chain-partly = Chain verified { $when }: { $n } lines, no break. Newer lines will be tomorrow.
admin-journal-chain-elsewhere = Chain verified { $when }: these lines are whole, others were changed. The operator should know.
admin-journal-chain-broken = Chain verified { $when }: lines shown here were changed or removed. Tell the operator.
admin-by-administrator = somebody who administers no more
admin-by-token = by a token of the API
admin-by-operator = the operator
admin-by-job = this program
admin-by-client = the service itself
admin-by-account = the person
admin-by-anonymous = somebody, before any sign-in
admin-by-unknown = not known
admin-fact-signed_in = opened a session
admin-fact-signed_out = closed the session
admin-fact-upstream_linked = linked an account of elsewhere
admin-fact-upstream_unlinked = unlinked an account of elsewhere
admin-fact-upstream_school_dropped = a provider named a school that is not its own
admin-fact-passwords_failed = wrong passwords
admin-fact-codes_failed = wrong codes
admin-fact-factors_failed = wrong second proofs
admin-fact-birth_dates_failed = wrong dates of birth
admin-fact-locked_out = too many tries: made to wait
admin-fact-activation_started = began to activate an account
admin-fact-recovery_started = asked for a new password
admin-fact-email_confirmed = confirmed an e-mail address
admin-fact-email_removed = removed the e-mail address
admin-fact-email_taken_back = took a change of the e-mail address back
admin-fact-code_accepted = gave the right code
admin-fact-letter_issued = printed a letter with a single-use code
admin-fact-letter_withdrawn = withdrew a letter with a single-use code
admin-fact-letter_batch_withdrawn = withdrew the unused letters of a batch
admin-fact-letters_refused = letters refused: those of the day are used up
admin-fact-children_confirmed = confirmed the children
admin-fact-child_contested = answered No for a child
admin-fact-child_set_aside = a child is set aside: too many wrong dates
admin-fact-identifiant_given = a username is given
admin-fact-password_chosen = chose a password
admin-fact-password_replaced = replaced the password
admin-fact-sessions_ended = all sessions are closed
admin-fact-factor_added = added a second proof
admin-fact-factor_removed = a second proof is removed
admin-fact-factor_proven = gave the second proof
admin-fact-backup_codes_renewed = drew new backup codes
admin-fact-device_forgotten = a known device is forgotten
admin-fact-phone_disowned = said that a mobile is theirs no more
admin-fact-phone_proof_asked = asked for a code to prove the mobile
admin-fact-phone_proven = proved the mobile
admin-fact-phone_restored = a mobile that was given up serves again
admin-fact-phone_kept = said that the mobile is still theirs
admin-fact-passkey_added = added a passkey
admin-fact-passkey_removed = removed a passkey
admin-fact-passkey_copied = a passkey may have been copied
admin-fact-data_exported = took their data along
admin-fact-closing_requested = the closing of the account is asked for
admin-fact-closing_withdrawn = the closing of the account is withdrawn
admin-fact-account_closed = the account is closed
admin-fact-account_erased = what was left of the closed account is erased
admin-fact-people_erased = people whom no school names any more are erased
admin-fact-accounts_joined = two accounts are joined
admin-fact-accounts_separated = two joined accounts are separated
admin-fact-not_mine_reported = said: that was not me
admin-fact-authorization_code_replayed = an authorization code was presented twice
admin-fact-refresh_token_reused = a replaced refresh token was presented
admin-fact-tokens_revoked = tokens are revoked
admin-fact-consent_given = agreed with a service
admin-fact-consent_withdrawn = withdrew the agreement with a service
admin-fact-account_suspended = suspended an account
admin-fact-account_resumed = resumed an account
admin-fact-password_change_forced = a new password is imposed
admin-fact-roster_imported = a roster is taken
admin-fact-phones_replaced = mobiles are replaced by the roster
admin-fact-roster_upload_decided = decided on an uploaded roster
admin-fact-roster_import_undone = undid the last roster
admin-fact-pupil_recognised = a pupil known elsewhere is recognised
admin-fact-pupil_detached = detached a pupil's record from an account
admin-fact-campaign_opened = opened or extended a campaign
admin-fact-campaign_closed = closed a campaign
admin-fact-reminders_ordered = ordered reminders
admin-fact-reminders_sent = reminders left
admin-fact-reminders_cancelled = stopped reminders
admin-fact-client_changed = changed a service
admin-fact-key_made = a signing key is created
admin-fact-key_published = a signing key is published
admin-fact-key_imported = a signing key is imported
admin-fact-key_activated = a signing key signs from now on
admin-fact-key_withdrawn = a signing key signs no more
admin-fact-key_retired = a signing key is published no more
admin-fact-key_revoked = a signing key is revoked
admin-fact-key_forgotten = a signing key is deleted
admin-fact-sms_budgets_lifted = reset the limits of text messages
admin-fact-sms_resumed = text messages leave again
admin-fact-sms_country_refused = a code was asked for a country to which no text message goes
admin-fact-files_published = the files of the deployment are read
admin-fact-backup_written = wrote a backup
admin-fact-restored = restored a backup
admin-fact-person_unblocked = unblocked a person
admin-fact-persons_exported = took a list of persons along
admin-fact-journal_exported = took a part of the journal along
admin-fact-administrator_invited = invited somebody to administer
admin-fact-administrator_enrolled = took an invitation
admin-fact-administrator_signed_in = entered the console
admin-fact-administrator_signed_out = left the console
admin-fact-administrator_locked_out = too many tries at the door of the console
admin-fact-administrator_role_given = gave a role
admin-fact-administrator_role_approved = approved a role
admin-fact-administrator_role_ended = ended a role
admin-fact-api_token_made = made a token of the API
admin-fact-api_token_revoked = revoked a token of the API
admin-fact-administrator_refused = wanted to go outside of the territory
admin-fact-announcement_published = published a message
admin-fact-announcement_ended = ended a message before its time
admin-fact-client_tested = tried a sign-in at a service
admin-fact-unknown = did what this version does not know yet
admin-refused-see_parents = see parents
admin-refused-see_pupils = see pupils
admin-refused-unblock_person = unblock a person
admin-refused-suspend_account = suspend an account
admin-refused-remove_factors = remove second proofs
admin-refused-print_letter = print a letter
admin-refused-print_letters = print letters
admin-refused-change_campaign = change a campaign
admin-refused-reopen_for_one = reopen for one person
admin-refused-see_school = see a school
admin-refused-upload_roster = upload a roster
admin-refused-accept_removals = accept removals
admin-refused-see_services = see services
admin-refused-request_client = request a service
admin-refused-change_client = change a service
admin-refused-approve_client = approve a service
admin-refused-draw_secret = draw a secret
admin-refused-test_sign_in = try a sign-in
admin-refused-suspend_client = suspend a service
admin-refused-see_team = see the team
admin-refused-give_role = give a role
admin-refused-read_journal = read the journal
admin-refused-read_own_acts = read the own acts
admin-refused-read_figures = read the figures
admin-refused-export_persons = take a list of persons along
admin-refused-announce = publish a message
admin-refused-configure = configure the system
## Console: tokens of the Admin API

admin-actor-token = a program
admin-tokens = API tokens
admin-tokens-lead = A token lets a program read or do, in your place, what you put into it and nothing else.
admin-tokens-none = No token.
admin-tokens-not-yours = Your role has nothing to put into a token.
admin-token-new = Make a token
admin-token-once = Copy this token now: it is shown only once. Keep it like a password.
admin-token-told-revoked = The token is revoked: it serves no more.
admin-token-name = Name
admin-token-name-hint = The program that will use it, for example “Campaign figures”
admin-token-role = The role that carries it
admin-token-scopes = What it may do
admin-token-used = Last use
admin-token-never = Never used
admin-token-dates = made on { $created }, until { $until }
admin-token-revoke = Revoke
admin-token-is-open = In service
admin-token-is-revoked = Revoked
admin-token-is-expired = Expired
admin-token-is-role_ended = Role ended
admin-token-rule = It ends at its term, as soon as its role ends, or when you revoke it. It approves nothing, gives no role and makes no token.
admin-token-territory = Only a part of your territory
admin-token-territory-hint = A school's UAI (0349999J), or the short name of an academy. Empty: the whole territory of the role
admin-token-days = Duration
admin-token-n-days = { $n } days
admin-token-make = Make the token
admin-token-wrong-name = Give it a name of 1 to 60 characters.
admin-token-wrong-role = Choose one of your current roles.
admin-token-wrong-scopes = Tick at least one thing that this role permits. One of the ticked boxes may be beyond it.
admin-token-wrong-territory = This territory is not known, or not inside that of the role.
admin-token-wrong-days = Choose a duration of the list.
admin-token-wrong-too_many = You have 20 tokens in service. Revoke one first.
admin-token-wrong-shown = This form made a token already, and it was shown. If it is lost, revoke it and make another one.

## The Admin API: its page, its document, its problems

api-title = Admin API
api-lead = What the console does, for programs: following and requesting services, following campaigns, uploading rosters, unblocking a person, reading the journal. Every answer is JSON.
api-document = The description for programs (OpenAPI 3.1)
api-tokens-title = Tokens
api-tokens-how = Every request carries a token in its Authorization header, never in the address. The token does less than the role of whoever made it.
api-tokens-make = Make a token
api-rules-title = Common rules
api-rule-version = An answer with ETag has a version. Send it as If-Match: if the thing has changed meanwhile, nothing is done (412). What asks for a version wants it by its name, not “*” (428).
api-rule-key = A POST with Idempotency-Key is done once within 24 hours; the same request gets the same answer. A secret is shown only once.
api-rule-pages = A long list gives next: ask for the rest with this cursor and the same filters. A page has 50 lines, at most 100 with limit.
api-rule-fields = An unknown field is refused; the nearest known name is said.
api-rule-limits = A token serves at most 3,600 times an hour. Beyond: 429, with Retry-After.
api-operations = Requests
api-needs = It needs:
api-needs-any = any token
api-query = Parameters of the address:
api-body = Members of the body:
api-required = required
api-answer = The answer
api-own-problems = Refusals of this request:
api-problems = Refusals
api-problems-how = A refusal is application/problem+json (RFC 9457). Its code never changes its sense; the sentence may change.

api-scope-clients-read = read services and their sign-outs
api-scope-clients-request = request a service or a change, without approving it
api-scope-clients-secret = draw and close secrets
api-scope-clients-suspend = suspend and resume a service
api-scope-schools-read = read campaigns and their figures
api-scope-campaigns-write = open, extend and close a campaign, remind of it by SMS
api-scope-persons-read = search a person and read what keeps them out
api-scope-persons-repair = unblock a person
api-scope-rosters-read = follow uploaded rosters
api-scope-rosters-write = upload rosters and decide what a school decides alone
api-scope-audit-read = read the journal, without the names of people
api-scope-figures-read = read the figures
api-scope-team-read = read who administers

api-op-get_token = What this token is worth
api-op-list_administrators = Who administers the territory
api-op-list_clients = The services of the territory
api-op-get_client = One service
api-op-list_deliveries = The sign-outs sent to a service in the last 7 days
api-op-suspend_client = Suspends a service: nothing of it counts any more
api-op-resume_client = Resumes a suspended service
api-op-draw_secret = Draws a secret, shown once
api-op-close_former_secret = Closes the former secret before its term
api-op-check_client = Checks a request and keeps nothing
api-op-list_client_requests = Your requests for services
api-op-request_client = Prepares a request for a service, and sends it with send
api-op-get_client_request = One request for a service
api-op-change_client_request = Changes, sends or withdraws a request
api-op-list_schools = The schools of the territory
api-op-get_school = A school and its campaign
api-op-get_funnel = How far the parents of a school are
api-op-list_unreachable = The parents whom no SMS reaches; their names, with persons:read
api-op-change_campaign = Opens, extends or closes the campaign of a school
api-op-preview_reminders = What a reminder by SMS or e-mail would send: its text, to how many, at what price
api-op-order_reminders = Orders the reminder that was read
api-op-list_reminder_orders = The orders of reminders of the school: what has left, what waits
api-op-cancel_reminders = Stops reminders: what has not left will not leave
api-op-search_persons = Searches a person
api-op-get_diagnosis = What keeps a person out
api-op-get_support_code = What a support code leads to
api-op-repair_person = Unblocks a person
api-op-list_imports = The uploaded rosters
api-op-get_import = One uploaded roster
api-op-list_import_changes = What an uploaded roster changes, with the keys of records
api-op-list_import_lines = The report of an uploaded roster
api-op-upload_roster = Uploads the files of a school
api-op-decide_import = Takes or refuses a roster, if the school decides alone
api-op-stop_import = Takes an uploaded roster back before it is written
api-op-undo_import = Puts the school back as it was before a roster
api-op-list_events = The journal of the territory, the newest first
api-op-get_figures = The sign-ins and activations of a place

api-problem-token_in_query = The token must not be in the address: revoke it, it may be in a log already.
api-problem-unknown_parameter = This parameter is not known.
api-problem-bad_parameter = A parameter or a header does not have the expected form.
api-problem-bad_cursor = This cursor is of another list, or is none. Begin again at the start.
api-problem-bad_json = The body is not a well-formed JSON object, or a member stands twice.
api-problem-bad_idempotency_key = The Idempotency-Key has 1 to 128 visible signs.
api-problem-missing_token = The token is missing, in the Authorization header.
api-problem-invalid_token = This token does not serve: unknown, revoked, expired, or its role has ended.
api-problem-insufficient_scope = This token does not permit that.
api-problem-not_found = There is nothing here, or not in your territory.
api-problem-method_not_allowed = This address does not take this method.
api-problem-in_progress = The same request is under way. Ask again a little later.
api-problem-outcome_unknown = The request broke off: look at what is done before you begin again with another key.
api-problem-secret_shown = The secret was shown. Draw another one if you do not have it.
api-problem-two_secrets = Two secrets are taken already. Close the former one first.
api-problem-nothing_to_do = There is nothing to do.
api-problem-another_waits = Another request for this service waits.
api-problem-file_decides = This service is described by a file of the deployment; the file decides.
api-problem-not_open = It is decided or withdrawn already.
api-problem-person_decides = A person decides on this, in the console.
api-problem-too_late = It is too late: something came after it, or the time for it is over.
api-problem-reminders_off = No reminders are sent here.
api-problem-campaign_not_open = The campaign is not open, or closes within hours.
api-problem-over_budget = The school's budget does not suffice.
api-problem-reminders_under_way = Reminders of this school by e-mail are still leaving.
api-problem-uploads_full = Too many files wait for a decision.
api-problem-changed = It has changed since: read it again.
api-problem-too_large = The body is too large.
api-problem-json_expected = The body must be application/json.
api-problem-files_expected = The body must be a form with files, in multipart/form-data.
api-problem-unknown_field = This member is not known.
api-problem-missing_field = A member is missing.
api-problem-bad_value = A member does not have the expected form.
api-problem-bad_checks = An answer is to be mended first. The request is kept as a draft.
api-problem-bad_files = These files cannot be read.
api-problem-idempotency_key_reused = This Idempotency-Key served for another request.
api-problem-no_secret = This service has no secret that is changed here.
api-problem-no_overlap = This service signs with its secret: the former one ends at once. Ask for overlap_days 0.
api-problem-version_required = Say which version you have read, as If-Match.
api-problem-too_many_requests = This token served too often this hour.
api-problem-too_many_wrong_tokens = Too many tokens that do not serve came from this address.
api-problem-too_many_checks = Too many checks this hour.
api-problem-too_many_drafts = Too many drafts wait. Withdraw some.
api-problem-too_many_persons = This token read enough people this hour.
api-problem-too_many_of_day = This is enough for today.
api-problem-internal = A fault on our side. It is in the log, under the number X-Request-Id.
api-problem-busy = Too many requests at once. Ask again a little later.
