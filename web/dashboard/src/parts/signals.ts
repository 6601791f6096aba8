// What cars call their signals, in words.

import { plain } from "../format.ts";

const WORDS: Record<string, string> = {
  "odometer-traveleddistance": "Odometer",
  "tractionbattery-stateofcharge": "Battery level",
  "tractionbattery-range": "Range",
  "tractionbattery-nominalcapacity": "Battery size",
  "charge-ischarging": "Charging",
  "charge-ischargingcableconnected": "Cable",
  "charge-detailedchargingstatus": "Charging status",
  "charge-energyadded": "Energy added",
  "charge-wattage": "Charging power",
  "charge-chargerate": "Charging speed",
  "charge-chargelimits": "Charge limits",
  "charge-activelimit": "Charge limit",
  "location-preciselocation": "Position",
  "internalcombustionengine-fuellevel": "Fuel level",
  "internalcombustionengine-amountremaining": "Fuel in the tank",
  "internalcombustionengine-range": "Range",
  "internalcombustionengine-oillife": "Oil life",
  "lowvoltagebattery-stateofcharge": "12 V battery",
  "closure-islocked": "Locked",
};

export function signalName(signal: string | null | undefined): string {
  if (!signal) return "Odometer";
  return WORDS[signal] ?? plain(signal.slice(signal.indexOf("-") + 1));
}
