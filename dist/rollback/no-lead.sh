# shellcheck shell=dash
# A server by itself decides by itself what becomes of a switch that nobody confirms; see heed-lead.sh.

lead_says=
heed_lead() { :; }
