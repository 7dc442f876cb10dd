"""Robot hands: described by data, posed by torch, made to hold what the human hand holds."""

from semgrasp.robots.robot_hand import RobotHand as RobotHand
from semgrasp.robots.robot_hand import robot_hand as robot_hand
from semgrasp.robots.robot_hand import robot_names as robot_names
